// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <sstream>

#include "event_reader.hpp"
#include "running_plane.hpp"
#include "server/admin/sse.hpp"
#include "server/support/json_text.hpp"
#include "tests/support/write_requests.hpp"

namespace loopscope::admin {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::event_reader;
using testing::eventually;
using testing::running_plane;

/// The paths that /endpoints lists, one at the beginning of each line.
std::vector<std::string> listed_paths(const std::string& text) {
  std::vector<std::string> paths;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("/")) paths.push_back(line.substr(0, line.find(' ')));
  return paths;
}

TEST(admin_plane, every_listed_endpoint_responds) {
  running_plane plane;
  const auto paths = listed_paths(plane.get("/endpoints").body);
  for (const auto* each : {"/metrics", "/livez", "/readyz", "/stalls", "/loop", "/runs", "/events", "/info"})
    EXPECT_EQ(std::ranges::count(paths, each), 1) << each;
  for (const auto& each : paths) {
    if (each == "/events") {
      EXPECT_NE(event_reader{plane.endpoint()}.head().find(" 200 OK\r\n"), std::string::npos);
    } else {
      const auto status = plane.get(each).status;
      EXPECT_TRUE(status == 200 || (each == "/readyz" && status == 503)) << each << ' ' << status;
    }
  }
  EXPECT_EQ(plane.get_json("/info")["version"], "test");
  EXPECT_EQ(plane.get("/").status, 200u);
  EXPECT_EQ(plane.get("/nothing").status, 404u);
}

TEST(admin_plane, readyz_is_503_once_the_service_shuts_down) {
  running_plane plane;
  plane.shutting_down() = true;
  const auto response = plane.get("/readyz?verbose");
  EXPECT_EQ(response.status, 503u);
  EXPECT_NE(response.body.find("[-]shutdown under way\n"), std::string::npos);
}

TEST(admin_plane, metrics_are_not_read_on_the_admin_loop) {
  running_plane plane;
  std::latch busy{1}, release{1};
  boost::asio::post(plane.pool().executor(), [&] {
    busy.count_down();
    release.wait();
  });
  busy.wait();
  auto metrics = std::async(std::launch::async, [&plane] { return plane.get("/metrics"); });
  EXPECT_EQ(metrics.wait_for(50ms), std::future_status::timeout);  // it waits for the pool
  EXPECT_EQ(plane.get("/livez").status, 200u);
  release.count_down();
  EXPECT_EQ(metrics.get().status, 200u);
}

TEST(admin_plane, running_and_finished_writes_are_in_runs_and_in_events) {
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
  while (a["unix_ms"] != b["unix_ms"]) {  // a subscriber that was too slow has missed a sample
    if (a["unix_ms"] < b["unix_ms"]) {
      a = one.next().value();
    } else {
      b = two.next().value();
    }
  }
  EXPECT_EQ(a, b);
}

TEST(admin_plane, a_subscriber_beyond_the_limit_is_refused_until_one_leaves) {
  running_plane plane{1};
  {
    event_reader one{plane.endpoint()};
    ASSERT_TRUE(one.next());
    const auto refused = plane.get("/events");
    EXPECT_EQ(refused.status, 503u);
    EXPECT_EQ(json::parse(refused.body)["limit"], 1);
  }
  ASSERT_TRUE(eventually([&] { return plane.feed().subscribers() == 0; }));
  event_reader another{plane.endpoint()};
  EXPECT_TRUE(another.next());
}

TEST(admin_plane, a_subscriber_that_does_not_read_is_dropped_and_the_others_are_not) {
  http::limits limits;
  limits.write_timeout = 2s;
  running_plane plane{8, limits};
  event_reader idle{plane.endpoint(), 4096}, reading{plane.endpoint()};
  ASSERT_TRUE(idle.next() && reading.next());
  // Fills the socket buffers until the kernel takes no more for the idle subscriber. Each piece is small enough for the
  // other subscriber to read it in time on any machine.
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
