// SPDX-License-Identifier: MIT

#include "server/app/watch_plane.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <latch>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "server/http/client.hpp"
#include "server/watch/loop_finder.hpp"
#include "tests/support/eventually.hpp"

namespace loopscope::app {
namespace {

using namespace std::chrono_literals;
using loopscope::testing::eventually;
using nlohmann::json;

/// A thread that has words in the map as if a preloaded library had written them: it waits, and has done three turns.
class mapped_thread {
 public:
  explicit mapped_thread(watch::thread_words& words) : words_(words) {
    std::latch ready{1};
    thread_ = std::thread{[this, &ready] {
      write_words();
      ready.count_down();
      end_.wait();
    }};
    ready.wait();
  }
  ~mapped_thread() {
    end_.count_down();
    thread_.join();
  }

 private:
  void write_words() {
    auto& site = words_.sites[0];
    site.kind = watch::wait_kind::epoll_wait;
    site.is_loop = 1;
    site.descriptor = 9;
    words_.claimed_at = std::chrono::steady_clock::now().time_since_epoch().count();
    words_.turn = 6;
    words_.current_site = 1;
    words_.turns[watch::turn_cell(1'000'000)] = 3;
    words_.busy_total = 3'000'000;
    words_.longest = 1'000'000;
    words_.pid = ::getpid();
    words_.is_loop = 1;
    words_.tid = ::gettid();
  }

  watch::thread_words& words_;
  std::latch end_{1};
  std::thread thread_;
};

std::set<int> open_descriptors() {
  std::set<int> out;
  for (int each = 0; each < 256; ++each)
    if (::fcntl(each, F_GETFD) >= 0) out.insert(each);
  return out;
}

class watch_plane_test : public ::testing::Test {
 protected:
  void start() {
    ASSERT_FALSE(plane_.listen({"127.0.0.1", 0}));
    plane_.start({"node", "server.js"}, ::getpid());
  }
  http::fetched get(const std::string& path) const { return http::blocking_get(plane_.url() + path, 20s).value(); }
  json get_json(const std::string& path) const { return json::parse(get(path).body); }

  watch::watch_map_owner owner_{25ms};
  watch::watch_map* const map_ = &owner_.map();
  watch::loop_finder finder_{owner_, [](pid_t, const std::string& name) {
                               monitor::options options;
                               options.name = name;
                               return options;
                             }};
  watch_plane plane_{finder_, 25ms};
};

TEST_F(watch_plane_test, info_says_what_is_watched) {
  start();
  const json info = get_json("info");
  EXPECT_EQ(info["mode"], "watch");
  EXPECT_EQ(info["command"], json::parse(R"(["node","server.js"])"));
  EXPECT_EQ(info["pid"], ::getpid());
  EXPECT_EQ(info["stall_threshold_ms"], 25.0);
}

TEST_F(watch_plane_test, shows_a_loop_from_when_it_is_found_until_it_ends) {
  start();
  EXPECT_EQ(get_json("loop")["loops"], json::array());
  {
    const mapped_thread thread{map_->threads[0]};
    finder_.blocking_update();
    const json loop = get_json("loop")["loops"].at(0);
    EXPECT_EQ(loop["pid"], ::getpid());
    EXPECT_EQ(loop["turns"], json::parse(R"({"count":3,"sum_ms":3.0,"max_ms":1.0})"));
    EXPECT_EQ(loop["since_start"]["lag_corrected"]["count"], 0);
    EXPECT_NE(
        get("metrics").body.find("loopscope_loop_handler_seconds_count{loop=\"" + loop["name"].get<std::string>()),
        std::string::npos);
  }
  EXPECT_TRUE(eventually([this] {
    finder_.blocking_update();
    return get_json("loop")["loops"].empty();
  }));
}

TEST_F(watch_plane_test, readyz_says_that_the_command_has_ended) {
  start();
  EXPECT_EQ(get("readyz").status, 200u);
  plane_.set_ended();
  EXPECT_EQ(get("readyz").status, 503u);
  EXPECT_EQ(get("livez").status, 200u);
}

TEST_F(watch_plane_test, an_address_in_use_is_an_error_before_the_start) {
  start();
  const auto url = plane_.url();
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  watch_plane second{finder_, 25ms};
  EXPECT_EQ(second.listen({"127.0.0.1", port}), std::errc::address_in_use);
}

TEST_F(watch_plane_test, the_command_inherits_no_descriptor) {
  const auto before = open_descriptors();
  watch_plane another{finder_, 25ms};
  ASSERT_FALSE(another.listen({"127.0.0.1", 0}));
  for (const int each : open_descriptors()) {
    EXPECT_TRUE(before.contains(each) || (::fcntl(each, F_GETFD) & FD_CLOEXEC) != 0) << each;
  }
}

}  // namespace
}  // namespace loopscope::app
