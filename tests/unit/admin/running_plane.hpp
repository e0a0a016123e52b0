// SPDX-License-Identifier: MIT

#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <latch>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "server/admin/endpoints.hpp"
#include "server/http/client.hpp"
#include "server/http/server.hpp"
#include "server/monitor/loop_monitor.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temporary_directory.hpp"

namespace loopscope::admin::testing {

using loopscope::testing::eventually;

/// What the plane shows: a service, or a program that is watched from outside, which has no data plane.
enum class shown { service, watched_program };

/// A watched loop on a thread of its own, and the admin plane that shows it on another thread.
class running_plane {
 public:
  static constexpr std::chrono::milliseconds threshold{25};

  explicit running_plane(std::size_t max_subscribers = event_feed::default_max_subscribers, http::limits limits = {},
                         shown what = shown::service)
      : sources_{.loops = [this] { return loops(); },
                 .data = data_plane(what),
                 .shutting_down = shutting_down_,
                 .stall_threshold = threshold,
                 .exporter = std::make_shared<metrics::exporter>(metrics::build{"test", "test"}),
                 .info = {{"version", "test"}}},
        feed_(std::make_shared<event_feed>(admin_.get_executor(), max_subscribers)) {
    metrics_.add_loop({"/hello"});
    add_routes(router_, sources_, sampler_, feed_, pool_);
    server_ = std::make_unique<http::server>(admin_, router_, limits);
    if (const auto error = server_->listen({boost::asio::ip::address_v4::loopback(), 0}))
      throw std::system_error(error);
    server_->start();
    watched_thread_ = std::thread{[this] { watched_.run(); }};
    admin_thread_ = std::thread{[this] { admin_.run(); }};
    EXPECT_TRUE(eventually([this] { return monitor_.snapshot().running; }));
  }

  ~running_plane() {
    unblock();
    watched_work_.reset();
    watched_.stop();
    watched_thread_.join();
    if (admin_thread_.joinable()) {
      admin_.stop();
      admin_thread_.join();
    }
    pool_.join();
  }

  /// Makes the watched loop compute until unblock(), at most a minute. Returns once it has begun. Once per object.
  void block() {
    std::latch begun{1};
    boost::asio::post(watched_, [this, &begun] {
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes{1};
      begun.count_down();
      while (blocked_.load(std::memory_order_relaxed)) {
        if (std::chrono::steady_clock::now() < deadline) continue;
        ADD_FAILURE() << "unblock() was not called within a minute";
        return;
      }
    });
    begun.wait();
  }
  void unblock() { blocked_ = false; }

  http::fetched get(const std::string& target) const {
    const auto url = "http://127.0.0.1:" + std::to_string(server_->local_endpoint().port()) + target;
    return http::blocking_get(url, std::chrono::seconds{20}).value();
  }
  nlohmann::json get_json(const std::string& target) const { return nlohmann::json::parse(get(target).body); }

  /// The loops from now on. The first one is io-0, the loop that block() blocks.
  void set_loops(std::vector<metrics::loop_source> loops) {
    const std::lock_guard lock{mutex_};
    loops_ = std::move(loops);
  }
  std::vector<metrics::loop_source> loops() const {
    const std::lock_guard lock{mutex_};
    return loops_;
  }

  http::tcp::endpoint endpoint() const { return server_->local_endpoint(); }
  runs::run_registry& registry() { return registry_; }
  std::atomic<bool>& shutting_down() { return shutting_down_; }
  event_feed& feed() { return *feed_; }
  writers::io_pool& pool() { return pool_; }

  /// Ends the admin plane as a shutdown does, and waits for its end.
  void drain() {
    boost::asio::post(admin_, [this] {
      server_->stop_accepting();
      server_->drain();
    });
    admin_thread_.join();
  }

 private:
  std::optional<sources::data_plane> data_plane(shown what) const {
    if (what == shown::watched_program) return std::nullopt;
    return sources::data_plane{registry_, metrics_, data_dir_.path(), directory_};
  }

  std::atomic<bool> blocked_{true};
  boost::asio::io_context watched_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> watched_work_{watched_.get_executor()};
  monitor::loop_monitor monitor_{watched_, {.name = "io-0", .stall_threshold = threshold}};

  loopscope::testing::temporary_directory data_dir_;
  runs::run_registry registry_{{}};
  std::atomic<bool> shutting_down_{false};
  metrics::service_metrics metrics_{registry_};
  directory_watch directory_{[] { return std::string{}; }};
  mutable std::mutex mutex_;
  std::vector<metrics::loop_source> loops_{{"io-0", metrics::not_owned(monitor_)}};
  sources sources_;

  boost::asio::io_context admin_{1};
  writers::io_pool pool_{1};
  std::shared_ptr<event_feed> feed_;
  event_sampler sampler_{sources_, feed_};
  http::router router_;
  std::unique_ptr<http::server> server_;
  std::thread watched_thread_, admin_thread_;
};

}  // namespace loopscope::admin::testing
