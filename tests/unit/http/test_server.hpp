// SPDX-License-Identifier: MIT

#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "raw_client.hpp"
#include "server/http/server.hpp"

namespace loopscope::http::test {

/// Remembers what it was told.
class recording_observer final : public observer {
 public:
  void on_request_begin(int socket, const request&, std::string_view) noexcept override {
    last_socket = socket;
    ++begun;
  }
  void on_request_end(const request&, std::string_view route, unsigned status,
                      std::chrono::nanoseconds) noexcept override;
  void on_protocol_error(unsigned status, std::string_view) noexcept override { last_protocol_error = status; }
  void on_accept_error(const error_code&, bool pauses) noexcept override { accept_pauses += pauses ? 1 : 0; }
  void on_handler_failed(std::string_view, std::string_view what) noexcept override;

  int ended(const std::string& route, unsigned status) const;
  std::string last_failure() const;

  std::atomic<int> begun{0};
  std::atomic<int> accept_pauses{0};
  std::atomic<int> last_socket{-1};
  std::atomic<unsigned> last_protocol_error{0};

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, unsigned>, int> ended_;
  std::string failure_;
};

/// A server with a few routes, on a loop and thread of its own:
/// /hello fixed · /later answers after one turn of the loop · /echo the body · /query the parameters ·
/// /throws · /wait until told or the client is gone · /stream three pieces · /endless until closing
class test_server {
 public:
  explicit test_server(const limits& bounds = {});
  ~test_server();

  tcp::endpoint endpoint() const { return endpoint_; }
  raw_client connect() const { return raw_client(endpoint_); }
  /// On the loop; waits for it.
  void run_on_loop(std::function<void()> work);
  /// Stops accepting, drains, and lets the loop run out.
  void drain();
  void wait_until_drained() { thread_.join(); }
  /// From now on, counts the requests that are begun between two turns of the loop.
  void watch_turns();
  bool eventually(const std::function<bool()>& condition) const;

  recording_observer seen;
  std::atomic<int> waiting{0};
  std::atomic<int> told_gone{0};
  std::atomic<int> stream_ended{0};
  std::atomic<bool> release_waiters{false};
  std::atomic<int> max_begun_in_a_turn{0};
  server& http() { return *server_; }
  std::size_t open() const { return server_->open_connections(); }

 private:
  task<response> wait(const request& asked);
  task<void> endless(body_stream& body);
  void note_turn(int begun_before);

  std::atomic<bool> watching_turns_{false};
  asio::io_context loop_{1};
  router routes_;
  std::unique_ptr<server> server_;
  tcp::endpoint endpoint_;
  std::thread thread_;
};

}  // namespace loopscope::http::test
