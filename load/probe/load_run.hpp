#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connection.hpp"
#include "connection_pool.hpp"
#include "expected_statuses.hpp"
#include "ledger.hpp"
#include "schedule.hpp"
#include "trigger.hpp"
#include "types.hpp"

namespace loopscope::probe {

/// Carries out one run: sends on the schedule whatever the answers do, and keeps the account.
///
/// The schedule is looked at when its timer fires and after every answer, so that a burst of answers delays a request
/// by one answer's handling at most. Output, signals and percentiles are other threads' work.
///
/// A process that was stopped, or whose machine slept, does not make up for it: what was due while the schedule was not
/// looked at for longer than `longest_gap` is skipped, not sent in one burst.
///
/// Threads: all calls on the loop's thread. Lifetime: outlives the loop's run.
class load_run final : public connection_owner {
 public:
  static constexpr std::chrono::seconds longest_gap{1};

  struct settings {
    std::vector<endpoint> to;  ///< new connections take turns on them, and so do requests
    std::string request_bytes;
    std::chrono::nanoseconds duration;
    std::chrono::nanoseconds drain;  ///< longest wait for answers after `duration`
    std::size_t connections;
    std::size_t max_connections;
    bool idempotent = true;  ///< a request that died with an idle connection is sent once more
    answer_format format{};
    expected_statuses expect{};
  };
  /// What one of the addresses was used for.
  struct address_use {
    std::size_t connections = 0;  ///< that were made
    std::size_t unreached = 0;    ///< that could not be made
    std::size_t requests = 0;     ///< sent, repeats included
  };
  struct result {
    bool reached = false;  ///< a connection was made; when not, nothing was sent
    error_code unreached_because;
    std::chrono::nanoseconds measured_until{0};
    bool interrupted = false;
    std::optional<double> thread_busy;        ///< share of the run in which this thread was on the CPU
    std::chrono::nanoseconds stood_still{0};  ///< in gaps longer than `longest_gap`
    std::vector<address_use> addresses;       ///< as in `to`
  };

  load_run(asio::io_context& loop, settings wanted, schedule plan, ledger& account, trigger* aside);

  /// Opens the connections, then starts the schedule; `on_start` is told the moment that counts as 0.
  void prepare(std::function<void(clock::time_point)> on_start);
  /// Ends the run early.
  void interrupt();

  const result& outcome() const { return result_; }
  const connection_pool& pool() const { return pool_; }

 private:
  enum class phase { preparing, sending, draining, finished };

  void on_connected(connection& from) override;
  void on_answer(connection& from, answer&& got) override;
  void on_ended(connection& from, error_code why, bool connected) override;

  void start();
  void wait_until(std::chrono::nanoseconds when);
  /// Skips what was due in a gap that ends `now`.
  void skip_what_was_missed(std::chrono::nanoseconds now);
  void on_time();
  void send_what_is_due();
  void finish_when_answered();
  void finish();
  /// What was due and not even looked at counts as waiting too.
  void account_for_the_unsent();

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
  std::chrono::nanoseconds looked_at_{0};  ///< when the schedule was last looked at
  std::chrono::nanoseconds cpu_at_start_{0};
  result result_;
};

}  // namespace loopscope::probe
