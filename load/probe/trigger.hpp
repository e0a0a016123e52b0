#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "connection.hpp"
#include "types.hpp"

namespace loopscope::probe {

/// What came of the trigger; times from the schedule's start, nothing where it did not happen.
struct trigger_record {
  std::chrono::nanoseconds scheduled{0};
  std::optional<std::chrono::nanoseconds> started;  ///< its request was sent
  std::optional<std::chrono::nanoseconds> ended;    ///< its whole answer had come, or it failed
  bool repeated = false;                            ///< sent a second time: the connection that waited had died
  std::optional<unsigned> status;
  std::string body;
  std::string error;  ///< empty when it was answered
};

/// Sends one request inside the run, on a connection of its own, opened ahead; no bearing on the schedule. When that
/// connection dies at the moment of the request, an idempotent one is sent once more.
///
/// Threads: the loop's; record() afterwards. Lifetime: outlives the loop's run.
class trigger final : public connection_owner {
 public:
  /// What to send, and how to read the answer.
  struct message {
    std::string bytes;
    bool idempotent = false;
    bool answer_has_body = true;
  };

  trigger(const executor& loop, endpoint to, message what, std::chrono::nanoseconds at);

  /// Opens the connection ahead of need.
  void prepare();
  void arm(clock::time_point schedule_start);
  void close();

  /// Not answered and not failed yet.
  bool pending() const { return !record_.ended; }
  const trigger_record& record() const { return record_; }

 private:
  void on_connected(connection& from) override;
  void on_answer(connection& from, answer&& got) override;
  void on_ended(connection& from, error_code why, bool connected) override;
  void fire();
  void send(bool reused);
  std::chrono::nanoseconds elapsed() const { return clock::now() - start_; }

  executor loop_;
  endpoint to_;
  message message_;
  timer due_;
  clock::time_point start_;
  std::shared_ptr<connection> connection_;
  bool connected_ = false;
  bool fired_ = false;
  trigger_record record_;
};

}  // namespace loopscope::probe
