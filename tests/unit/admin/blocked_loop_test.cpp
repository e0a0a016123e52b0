// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include "event_reader.hpp"
#include "running_plane.hpp"
#include "tests/unit/metrics/families_text.hpp"

namespace loopscope::admin {
namespace {

using nlohmann::json;
using testing::event_reader;
using testing::eventually;
using testing::running_plane;

constexpr double threshold_ms = running_plane::threshold.count();

double stalled_seconds(const running_plane& plane) {
  return std::stod(
      metrics::testing::value_of(plane.get("/metrics").body, R"(loopscope_loop_stalled_seconds{loop="io-0"})"));
}

/// The stall in progress as /stalls shows it; null without one. A busy machine may stall the loop at any time, so that
/// tests compare stalls by their ids.
json stall_in_progress(const running_plane& plane) {
  const json stalls = plane.get_json("/stalls")["stalls"];
  for (const json& each : stalls)
    if (each["in_progress"] == true) return each;
  return nullptr;
}

json stall_with_id(const running_plane& plane, const json& id) {
  return plane.get_json("/stalls?id=" + id.dump())["stalls"].at(0);
}

TEST(blocked_loop, readyz_is_503_during_a_stall_and_200_after_it) {
  running_plane plane;
  http::fetched response;
  const auto readyz_becomes = [&](unsigned status) {
    return eventually([&] {
      response = plane.get("/readyz?verbose");
      return response.status == status;
    });
  };
  ASSERT_TRUE(readyz_becomes(200));
  plane.block();
  ASSERT_TRUE(readyz_becomes(503));
  EXPECT_NE(response.body.find("[-]loop io-0 stalled for "), std::string::npos) << response.body;
  EXPECT_EQ(plane.get("/livez").status, 200u);
  plane.unblock();
  ASSERT_TRUE(readyz_becomes(200));
  EXPECT_NE(response.body.find("[+]loop io-0 ok\n"), std::string::npos) << response.body;
}

TEST(blocked_loop, a_stall_keeps_its_id_from_its_start_to_its_end) {
  running_plane plane;
  plane.block();
  json current;
  ASSERT_TRUE(eventually([&] { return !(current = stall_in_progress(plane)).is_null(); }));
  EXPECT_EQ(current["loop"], "io-0");
  EXPECT_GE(current["duration_ms"].get<double>(), threshold_ms);
  plane.unblock();
  json ended;
  ASSERT_TRUE(eventually([&] { return (ended = stall_with_id(plane, current["id"]))["in_progress"] == false; }));
  EXPECT_EQ(ended["started"], current["started"]);
  EXPECT_GE(ended["duration_ms"].get<double>(), current["duration_ms"].get<double>());
}

TEST(blocked_loop, the_stalled_gauge_rises_between_scrapes) {
  running_plane plane;
  plane.block();
  ASSERT_TRUE(eventually([&] { return stall_in_progress(plane).is_object(); }));
  // No other stall can begin before unblock().
  double last = stalled_seconds(plane);
  EXPECT_GT(last, 0);
  for (int scrape = 0; scrape < 5; ++scrape) {
    const double now = stalled_seconds(plane);
    EXPECT_GT(now, last);
    last = now;
  }
}

TEST(blocked_loop, events_continue_and_show_the_stall_grow) {
  running_plane plane;
  event_reader events{plane.endpoint()};
  EXPECT_NE(events.head().find("200 OK"), std::string::npos);
  EXPECT_NE(events.head().find("text/event-stream"), std::string::npos);
  plane.block();
  json id;
  double last_ms = 0;
  for (int growths = 0; growths < 4;) {
    const auto sample = events.next();
    ASSERT_TRUE(sample);
    const json& loop = (*sample)["loops"][0];
    if (loop["stall"].is_null()) continue;
    const double stalled_ms = loop["stalled_for_ms"];
    if (loop["stall"]["id"] == id) {
      EXPECT_GT(stalled_ms, last_ms);
      EXPECT_GE(loop["stalls"], 1);
      ++growths;
    }
    id = loop["stall"]["id"];
    last_ms = stalled_ms;
  }
  plane.unblock();
  ASSERT_TRUE(eventually([&] { return events.next().value()["loops"][0]["stalled_for_ms"] == 0.0; }));
}

TEST(blocked_loop, loop_includes_the_stall_in_progress) {
  running_plane plane;
  plane.block();
  json loop;
  const auto number_or_zero = [](const json& value) { return value.is_number() ? value.get<double>() : 0.0; };
  EXPECT_TRUE(eventually([&] {
    loop = plane.get_json("/loop")["loops"][0];
    const json& since_start = loop["since_start"];
    return since_start["stalls"] > 0 && loop["stalled_for_ms"] >= threshold_ms &&
           number_or_zero(since_start["lag_corrected"]["max_us"]) >= 1000 * threshold_ms &&
           number_or_zero(since_start["longest_stall_ms"]) >= threshold_ms && loop["last_second"].is_object();
  })) << loop.dump(2);
  EXPECT_EQ(loop["name"], "io-0");
}

}  // namespace
}  // namespace loopscope::admin
