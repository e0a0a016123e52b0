// SPDX-License-Identifier: MIT

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connection.hpp"
#include "connection_pool.hpp"
#include "ledger.hpp"
#include "request.hpp"
#include "schedule.hpp"
#include "trigger.hpp"
#include "types.hpp"

namespace loopscope::probe {

/// Sends the requests of one run on schedule, whether responses arrive or not, and records them in the ledger.
///
/// The schedule is checked when its timer fires and after every response, so that a burst of responses delays a request
/// by the handling of one response at most. Output, signals and percentiles belong to other threads.
///
/// If the process was stopped or the machine was suspended, the missed requests are not sent in one burst: requests
/// that were due while the schedule was not checked for longer than `max_gap` are skipped.
///
/// Threads: all calls on the loop's thread. Lifetime: outlives the loop's run.
class load_run final : public connection_owner {
 public:
  static constexpr std::chrono::seconds max_gap{1};

  struct settings {
    std::vector<endpoint> addresses;  ///< used in turn by new connections and by requests
    std::string request_bytes;
    std::chrono::nanoseconds duration;
    std::chrono::nanoseconds drain;  ///< maximum wait for responses after `duration`
    std::size_t connections;
    std::size_t max_connections;
    bool idempotent = true;  ///< a request whose idle connection ended is sent once more
    response_format format{};
    expected_statuses expect{};
  };
  /// How one of the addresses was used.
  struct address_use {
    std::size_t connections = 0;  ///< established
    std::size_t unreached = 0;    ///< failed to connect
    std::size_t requests = 0;     ///< sent, including repeated ones
  };
  struct result {
    bool reached = false;  ///< a connection was established; if not, nothing was sent
    error_code connect_error;
    std::chrono::nanoseconds measured_until{0};
    bool interrupted = false;
    std::optional<double> thread_busy;        ///< share of the run in which this thread used a CPU
    std::chrono::nanoseconds not_running{0};  ///< sum of the gaps longer than `max_gap`
    std::vector<address_use> addresses;       ///< as in settings::addresses
  };

  /// `extra`: the trigger, or null.
  load_run(asio::io_context& loop, settings configured, schedule times, ledger& records, trigger* extra);

  /// Opens the connections, then starts the schedule and calls `on_start` with its time 0.
  void prepare(std::function<void(clock::time_point)> on_start);
  /// Ends the schedule now, and the run as soon as all responses have arrived or after `drain`. A second call ends the
  /// run at once.
  void interrupt();

  const result& outcome() const { return result_; }
  const connection_pool& pool() const { return pool_; }

 private:
  enum class phase { preparing, sending, draining, finished };

  void on_connected(connection& source) override;
  void on_response(connection& source, response&& received) override;
  void on_ended(connection& source, error_code error, bool connected) override;

  void start();
  void wait_until(std::chrono::nanoseconds when);
  /// Skips the requests that were due in a gap that ends `now`.
  void skip_missed(std::chrono::nanoseconds now);
  void on_timer();
  void send_due();
  void finish_if_complete();
  void finish();
  /// Requests that were due and not taken from the schedule are recorded as waiting.
  void record_unsent();

  void open(slot_id slot);
  void send(slot_id slot, request_id request, bool reused);
  void lose(slot_id slot);
  bool may_repeat(const connection& lost, request_id request) const;
  std::chrono::nanoseconds elapsed() const { return clock::now() - start_; }

  asio::io_context& loop_;
  settings settings_;
  schedule schedule_;
  ledger& ledger_;
  trigger* trigger_;
  connection_pool pool_;
  struct open_connection {
    std::shared_ptr<connection> link;
    std::size_t address = 0;
  };
  std::vector<open_connection> connections_;
  std::size_t next_address_ = 0;
  timer timer_;
  std::function<void(clock::time_point)> on_start_;
  std::size_t preparing_ = 0;
  phase phase_ = phase::preparing;
  clock::time_point start_;
  std::chrono::nanoseconds checked_at_{0};  ///< when the schedule was last checked
  std::chrono::nanoseconds cpu_at_start_{0};
  result result_;
};

}  // namespace loopscope::probe
