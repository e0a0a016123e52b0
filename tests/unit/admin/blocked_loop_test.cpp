#include <gtest/gtest.h>

#include <thread>

#include "event_reader.hpp"
#include "families_text.hpp"
#include "running_plane.hpp"
#include "server/admin/json_values.hpp"
#include "server/admin/sse.hpp"
#include "server/support/json_text.hpp"
#include "tests/support/write_requests.hpp"

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;
using testing::event_reader;
using testing::running_plane;

/// Asks until the answer is what is waited for; the test's own time-out ends one that never is.
template <class Condition>
void wait_until(Condition met) {
  while (!met()) std::this_thread::sleep_for(5ms);
}

double stalled_seconds(const running_plane& plane) {
  return std::stod(
      metrics::testing::value_of(plane.get("/metrics").body, R"(loopscope_loop_stalled_seconds{loop="io-0"})"));
}

TEST(blocked_loop, readyz_is_503_while_it_lasts_and_200_again_after) {
  running_plane plane;
  wait_until([&] { return plane.get("/readyz").status == 200; });
  plane.block();
  wait_until([&] { return plane.get("/readyz").status == 503; });
  const auto verbose = plane.get("/readyz?verbose");
  EXPECT_EQ(verbose.status, 503u);
  EXPECT_NE(verbose.body.find("[-]loop io-0 stalled for "), std::string::npos) << verbose.body;
  EXPECT_EQ(plane.get("/livez").status, 200u);
  plane.unblock();
  wait_until([&] { return plane.get("/readyz").status == 200; });
  EXPECT_EQ(plane.get("/readyz").body, "ok\n");
}

TEST(blocked_loop, readyz_is_503_once_the_service_shuts_down) {
  running_plane plane;
  plane.shutting_down() = true;
  wait_until([&] { return plane.monitor().stalled_for().count() == 0; });
  const auto answer = plane.get("/readyz?verbose");
  EXPECT_EQ(answer.status, 503u);
  EXPECT_NE(answer.body.find("[-]shutdown under way\n"), std::string::npos);
}

TEST(blocked_loop, the_stall_in_progress_is_shown_and_remembered) {
  running_plane plane;
  plane.block();
  json newest;
  wait_until([&] {
    const json stalls = plane.get_json("/stalls")["stalls"];
    if (!stalls.empty()) newest = stalls.front();
    return !stalls.empty() && newest["in_progress"] == true;
  });
  EXPECT_EQ(newest["loop"], "io-0");
  EXPECT_GE(newest["duration_ms"].get<double>(), 25.0);
  const auto id = newest["id"];
  plane.unblock();
  wait_until([&] { return plane.get_json("/stalls")["stalls"].front()["in_progress"] == false; });
  const json ended = plane.get_json("/stalls")["stalls"].front();
  EXPECT_EQ(ended["id"], id);
  EXPECT_GE(ended["duration_ms"].get<double>(), newest["duration_ms"].get<double>());
}

TEST(blocked_loop, the_stalled_gauge_rises_from_scrape_to_scrape) {
  running_plane plane;
  plane.block();
  wait_until([&] { return stalled_seconds(plane) > 0; });
  double last = stalled_seconds(plane);
  for (int scrape = 0; scrape < 5; ++scrape) {
    const double now = stalled_seconds(plane);
    EXPECT_GT(now, last);
    last = now;
  }
}

TEST(blocked_loop, events_keep_coming_and_show_the_stall_grow) {
  running_plane plane;
  event_reader events{plane.endpoint()};
  EXPECT_NE(events.head().find("200 OK"), std::string::npos);
  EXPECT_NE(events.head().find("text/event-stream"), std::string::npos);
  plane.block();
  double last_ms = 0;
  for (int grown = 0; grown < 4;) {
    const auto sample = events.next();
    ASSERT_TRUE(sample);
    const json& loop = (*sample)["loops"][0];
    const double stalled_ms = loop["stalled_for_ms"];
    if (stalled_ms == 0) continue;
    EXPECT_GT(stalled_ms, last_ms);
    EXPECT_GE(loop["stalls"], 1);
    EXPECT_FALSE(loop["stall"].is_null());
    last_ms = stalled_ms;
    ++grown;
  }
  plane.unblock();
  wait_until([&] { return events.next().value()["loops"][0]["stalled_for_ms"] == 0.0; });
}

TEST(blocked_loop, loop_shows_the_stall_in_the_figures_since_the_start) {
  running_plane plane;
  plane.block();
  json loop;
  // The watchdog enters the stall once it has the first stack, which may take a while to read.
  wait_until([&] {
    loop = plane.get_json("/loop")["loops"][0];
    const json& max_us = loop["since_start"]["lag_corrected"]["max_us"];
    return loop["since_start"]["stalls"] > 0 && max_us.is_number() && max_us >= 25'000.0;
  });
  EXPECT_EQ(loop["name"], "io-0");
  EXPECT_GE(loop["stalled_for_ms"], 25.0);
  wait_until([&] { return !plane.get_json("/loop")["loops"][0]["last_second"].is_null(); });
}

TEST(admin_plane, every_endpoint_that_the_list_names_answers) {
  running_plane plane;
  const auto index = plane.get("/endpoints");
  EXPECT_EQ(index.status, 200u);
  for (const auto* each : {"/metrics", "/livez", "/stalls", "/loop", "/runs", "/info"}) {
    EXPECT_NE(index.body.find(each), std::string::npos) << each;
    EXPECT_EQ(plane.get(each).status, 200u) << each;
  }
  EXPECT_EQ(plane.get_json("/info")["version"], "test");
  EXPECT_EQ(plane.get("/").status, 200u);
}

TEST(admin_plane, running_writes_are_in_runs_and_in_events) {
  running_plane plane;
  const auto run = std::get<std::shared_ptr<runs::active_run>>(
      plane.registry().begin(loopscope::testing::request_of("sync"), std::nullopt));
  run->progress.written(77);
  EXPECT_EQ(plane.get_json("/runs")["running"][0]["progress"]["written_records"], 77);
  event_reader events{plane.endpoint()};
  EXPECT_EQ(events.next().value()["runs"][0]["progress"]["written_records"], 77);
  plane.registry().end(run, runs::outcome::cancelled, "cancelled", std::nullopt);
  const json ended = plane.get_json("/runs");
  EXPECT_TRUE(ended["running"].empty());
  EXPECT_EQ(ended["finished"][0]["outcome"], "cancelled");
}

TEST(admin_plane, all_subscribers_get_the_same_samples) {
  running_plane plane;
  event_reader one{plane.endpoint()}, two{plane.endpoint()};
  auto a = one.next().value(), b = two.next().value();
  while (a["unix_ms"] != b["unix_ms"]) {  // one that was late for a sample has skipped it
    if (a["unix_ms"] < b["unix_ms"]) {
      a = one.next().value();
    } else {
      b = two.next().value();
    }
  }
  EXPECT_EQ(a, b);
}

TEST(admin_plane, a_subscriber_beyond_the_limit_is_told_so_until_one_leaves) {
  running_plane plane{1};
  {
    event_reader one{plane.endpoint()};
    ASSERT_TRUE(one.next());
    const auto refused = plane.get("/events");
    EXPECT_EQ(refused.status, 503u);
    EXPECT_EQ(json::parse(refused.body)["limit"], 1);
  }
  wait_until([&] { return plane.feed().subscribers() == 0; });
  event_reader another{plane.endpoint()};
  EXPECT_TRUE(another.next());
}

TEST(admin_plane, a_subscriber_that_does_not_read_is_dropped_and_the_others_are_not) {
  http::limits limits;
  limits.write_timeout = 2s;
  running_plane plane{8, limits};
  event_reader idle{plane.endpoint(), 4096}, reading{plane.endpoint()};
  ASSERT_TRUE(idle.next() && reading.next());
  // Until the sockets' buffers hold no more and the kernel stops taking it from the server. In pieces that the other
  // one reads in time on any machine.
  const std::string filler(64UL << 10, 'x');
  for (std::uint64_t id = 1ULL << 40; plane.feed().subscribers() == 2; ++id) {
    const auto text = sse::event(id, "sample", json_text({{"filler", filler}}));
    plane.feed().publish(std::make_shared<feed_event>(feed_event{id, text}));
    ASSERT_TRUE(reading.next());
  }
  EXPECT_EQ(plane.feed().subscribers(), 1u);
  EXPECT_TRUE(reading.next());
}

TEST(admin_plane, events_end_when_the_server_drains) {
  running_plane plane;
  event_reader events{plane.endpoint()};
  ASSERT_TRUE(events.next());
  plane.drain();
  while (events.next()) continue;
  EXPECT_EQ(plane.feed().subscribers(), 0u);
}

}  // namespace
}  // namespace loopscope::admin
