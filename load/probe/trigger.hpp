// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "connection.hpp"
#include "types.hpp"

namespace loopscope::probe {

/// The result of the trigger. Times count from the schedule's start; nullopt if the event did not happen.
struct trigger_record {
  std::chrono::nanoseconds scheduled{0};
  std::optional<std::chrono::nanoseconds> started;  ///< the request was sent
  std::optional<std::chrono::nanoseconds> ended;    ///< the whole response arrived, or the request failed
  bool repeated = false;                            ///< sent a second time, because the waiting connection had ended
  std::optional<unsigned> status;
  std::string body;
  std::string error;  ///< empty if there is a response
};

/// Sends one request during the run, on its own connection, which is opened in advance. It does not change the
/// schedule. If that connection ends at the moment of the request, an idempotent request is sent once more.
///
/// Threads: the loop's; record() after the run. Lifetime: outlives the loop's run.
class trigger final : public connection_owner {
 public:
  /// The bytes to send, and how to read the response.
  struct message {
    std::string bytes;
    bool idempotent = false;
    bool response_has_body = true;
  };

  trigger(const executor& loop, endpoint address, message to_send, std::chrono::nanoseconds due);

  /// Opens the connection.
  void prepare();
  void arm(clock::time_point schedule_start);
  /// Nothing is sent or received from now on.
  void close();

  /// True until the response has arrived, the request has failed or close() was called.
  bool pending() const { return !record_.ended && !closed_; }
  const trigger_record& record() const { return record_; }

 private:
  void on_connected(connection& source) override;
  void on_response(connection& source, response&& received) override;
  void on_ended(connection& source, error_code error, bool connected) override;
  void fire();
  void send(bool reused);
  std::chrono::nanoseconds elapsed() const { return clock::now() - start_; }

  executor loop_;
  endpoint address_;
  message message_;
  timer timer_;
  clock::time_point start_;
  std::shared_ptr<connection> connection_;
  bool connected_ = false;
  bool fired_ = false;
  bool closed_ = false;
  trigger_record record_;
};

}  // namespace loopscope::probe
