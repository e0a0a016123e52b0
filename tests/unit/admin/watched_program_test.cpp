// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>
#include <sys/types.h>

#include "event_reader.hpp"
#include "running_plane.hpp"

namespace loopscope::admin {
namespace {

using nlohmann::json;
using testing::event_reader;
using testing::eventually;
using testing::running_plane;
using testing::shown;

constexpr pid_t some_pid = 4711;

/// The admin plane of a program that is watched from outside. Its loop is one of this process, said to be another's.
class watched_program : public ::testing::Test {
 protected:
  static metrics::loop_source loop_named(const std::string& name) {
    return {name,
            std::make_shared<monitor::loop_watch>(
                monitor::loop_hooks{.post = [](const monitor::probe&) {}, .stopped = [] { return true; }},
                monitor::options{.name = name}),
            some_pid};
  }
  void show_blocked_loop_with_pid() {
    auto loops = plane_.loops();
    loops.front().pid = some_pid;
    plane_.set_loops(loops);
  }

  running_plane plane_{8, {}, shown::watched_program};
};

TEST_F(watched_program, has_no_runs) {
  EXPECT_EQ(plane_.get("/runs").status, 404u);
  const auto list = plane_.get("/endpoints").body;
  EXPECT_EQ(list.find("/runs"), std::string::npos) << list;
  EXPECT_EQ(list.find("data directory"), std::string::npos) << list;
  EXPECT_NE(list.find("/stalls"), std::string::npos) << list;
}

TEST_F(watched_program, is_ready_by_its_loops_alone) {
  EXPECT_TRUE(eventually([this] {
    return plane_.get("/readyz?verbose").body == "[+]loop io-0 ok\n[+]shutdown ok\nreadyz check passed\n";
  }));
}

TEST_F(watched_program, samples_have_no_part_of_a_data_plane) {
  const json sample = event_reader{plane_.endpoint()}.next().value();
  EXPECT_TRUE(sample.at("page_cache").is_null());
  EXPECT_TRUE(sample.at("buffer").is_null());
  EXPECT_EQ(sample.at("runs"), json::array());
}

TEST_F(watched_program, metrics_are_those_of_loops_and_process) {
  const auto text = plane_.get("/metrics").body;
  EXPECT_NE(text.find("loopscope_loop_stalled_seconds{loop=\"io-0\"}"), std::string::npos);
  EXPECT_NE(text.find("process_resident_memory_bytes"), std::string::npos);
  EXPECT_EQ(text.find("loopscope_http_"), std::string::npos);
  EXPECT_EQ(text.find("loopscope_write"), std::string::npos);
}

TEST_F(watched_program, stalls_and_loops_say_their_process) {
  show_blocked_loop_with_pid();
  plane_.block();
  json stalls;
  EXPECT_TRUE(eventually([&] { return !(stalls = plane_.get_json("/stalls")["stalls"]).empty(); }));
  EXPECT_EQ(stalls.at(0)["pid"], some_pid);
  EXPECT_EQ(plane_.get_json("/loop")["loops"][0]["pid"], some_pid);
}

TEST_F(watched_program, a_service_does_not_say_its_process) {
  EXPECT_FALSE(plane_.get_json("/loop")["loops"][0].contains("pid"));
  EXPECT_FALSE(event_reader{plane_.endpoint()}.next().value()["loops"][0].contains("pid"));
}

TEST_F(watched_program, loops_may_come_and_go_between_samples) {
  event_reader events{plane_.endpoint()};
  const auto next_with = [&](std::size_t loops) {
    for (;;) {
      const auto sample = events.next();
      if (!sample || (*sample)["loops"].size() == loops) return sample.value_or(json{});
    }
  };
  EXPECT_EQ(next_with(1)["loops"][0]["name"], "io-0");
  plane_.set_loops({});
  EXPECT_TRUE(next_with(0)["loops"].empty());
  plane_.set_loops({loop_named("a"), loop_named("b")});
  const json two = next_with(2)["loops"];
  EXPECT_EQ(two[0]["name"], "a");
  EXPECT_EQ(two[1]["name"], "b");
  EXPECT_EQ(plane_.get_json("/loop")["loops"].size(), 2u);
  EXPECT_EQ(plane_.get("/metrics").body.find("io-0"), std::string::npos);
}

TEST_F(watched_program, a_loop_has_its_last_second_once_it_was_there_for_one_and_is_then_released) {
  auto loop = loop_named("a");
  const std::weak_ptr<const monitor::loop_watch> watch = loop.watch;
  plane_.set_loops({loop});
  loop.watch.reset();
  const json first = plane_.get_json("/loop")["loops"][0];
  EXPECT_TRUE(first["last_second"].is_null());
  EXPECT_TRUE(eventually([this] { return plane_.get_json("/loop")["loops"][0]["last_second"].is_object(); }));
  plane_.set_loops({});
  EXPECT_TRUE(eventually([&watch] { return watch.expired(); }));
}

}  // namespace
}  // namespace loopscope::admin
