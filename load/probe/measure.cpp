#include "measure.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <exception>
#include <thread>

#include "addresses.hpp"
#include "bottleneck.hpp"
#include "load_run.hpp"
#include "progress.hpp"

namespace loopscope::probe {
namespace {

/// Runs `loop` on a punctual thread that takes no signals; `when_done` is called on it at the end. Joins when
/// destroyed.
class loop_thread {
 public:
  template <class Done>
  loop_thread(asio::io_context& loop, Done when_done) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this, &loop, when_done] {
      try {
        scheduling_ = make_punctual();
        loop.run();
      } catch (...) {
        failure_ = std::current_exception();
      }
      when_done();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~loop_thread() {
    if (thread_.joinable()) thread_.join();
  }
  /// How the thread was scheduled. Throws what ended it.
  thread_scheduling join() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
    return scheduling_;
  }

 private:
  thread_scheduling scheduling_ = thread_scheduling::ordinary;
  std::thread thread_;
  std::exception_ptr failure_;
};

/// What the calling thread does meanwhile.
class onlooker {
 public:
  onlooker(const options& asked, const live_counts& live)
      : asked_(asked), live_(live), line_(isatty(STDERR_FILENO) == 1), tick_(loop_), signals_(loop_, SIGINT, SIGTERM) {}

  void started(clock::time_point when) { start_.store(when); }
  void stop() { loop_.stop(); }

  template <class Interrupt>
  int watch(Interrupt interrupt) {
    signals_.async_wait([&](error_code error, int number) {
      if (error) return;
      signal_ = number;
      signals_.clear();  // a second one ends the process at once
      interrupt();
    });
    if (!asked_.quiet) show_again();
    loop_.run();
    if (!asked_.quiet) line_.clear();
    return signal_;
  }

 private:
  void show_again() {
    tick_.expires_after(line_.period());
    tick_.async_wait([this](error_code error) {
      if (error) return;
      const auto start = start_.load();
      if (start != clock::time_point{}) line_.show(progress_text(clock::now() - start, asked_.duration, live_));
      show_again();
    });
  }

  const options& asked_;
  const live_counts& live_;
  progress_line line_;
  asio::io_context loop_{1};
  timer tick_;
  asio::signal_set signals_;
  std::atomic<clock::time_point> start_{};
  int signal_ = 0;
};

own_part own_part_of(const measurement& run) {
  const auto local = static_cast<std::size_t>(failure_cause::local);
  own_part part;
  part.scheduled = run.sums.scheduled;
  part.late = run.sums.late;
  part.lateness_max_us = run.sums.lateness_us.max();
  part.latency_max_us = std::max(run.sums.latency_us.max(), run.sums.unexpected_latency_us.max());
  part.thread_busy = run.thread_busy;
  part.stood_still = run.stood_still;
  part.skipped = run.sums.skipped;
  part.local_failures = run.sums.failed_by_cause[local];
  return part;
}

load_run::settings settings_of(const options& asked, const target_addresses& addresses) {
  load_run::settings settings;
  settings.to = asked.spread ? addresses.all : std::vector<endpoint>{addresses.all[addresses.chosen]};
  settings.request_bytes = request_text(asked.target, asked.sends);
  settings.duration = asked.duration;
  settings.drain = asked.drain;
  settings.connections = asked.connections;
  settings.max_connections = asked.max_connections;
  settings.idempotent = is_idempotent(asked.sends.method);
  settings.format.has_body = asked.sends.method != "HEAD";
  settings.expect = asked.expect;
  return settings;
}

trigger::message message_of(const http_url& to, const request& asked) {
  return {request_text(to, asked), is_idempotent(asked.method), asked.method != "HEAD"};
}

std::vector<measured_address> measured_addresses(const options& asked, const target_addresses& addresses,
                                                 const std::vector<load_run::address_use>& uses) {
  std::vector<measured_address> all;
  auto use = uses.begin();
  for (std::size_t i = 0; i < addresses.all.size(); ++i) {
    all.push_back({address_text(addresses.all[i]), asked.spread || i == addresses.chosen});
    if (all.back().measured) all.back().use = *use++;
  }
  return all;
}

}  // namespace

measurement measure(const options& asked, ledger& account, int& ended_by_signal) {
  const auto addresses = blocking_find_addresses(asked.target, asked.unix_socket);
  measurement done;
  done.asked = asked;
  if (!addresses) {
    done.unreached_because = addresses.error().message();
    return done;
  }

  asio::io_context loop{1};
  std::optional<trigger> aside;
  if (asked.trigger) {
    aside.emplace(loop.get_executor(), addresses->all[addresses->chosen], message_of(asked.target, *asked.trigger),
                  asked.trigger_at);
  }
  load_run run(loop, settings_of(asked, *addresses), schedule(asked.kind, asked.rate_per_s, asked.duration, asked.seed),
               account, aside ? &*aside : nullptr);
  onlooker looks_on(asked, account.live());
  run.prepare([&](clock::time_point start) {
    done.started = std::chrono::system_clock::now() +
                   std::chrono::duration_cast<std::chrono::system_clock::duration>(start - clock::now());
    looks_on.started(start);
  });
  {
    loop_thread thread(loop, [&looks_on] { looks_on.stop(); });
    ended_by_signal = looks_on.watch([&] { asio::post(loop, [&run] { run.interrupt(); }); });
    done.scheduling = thread.join();
  }

  const auto& result = run.outcome();
  done.reached = result.reached;
  if (!result.reached) done.unreached_because = result.unreached_because.message();
  done.measured_until = result.measured_until;
  done.interrupted = result.interrupted;
  done.thread_busy = result.thread_busy;
  done.stood_still = result.stood_still;
  done.addresses = measured_addresses(asked, *addresses, result.addresses);
  done.connections_opened = run.pool().opened();
  done.connections_peak = run.pool().peak();
  done.longest_line = run.pool().longest_line();
  done.sums = summarise(account.records(), result.measured_until);
  if (aside) done.trigger = aside->record();
  done.bottleneck = bottleneck_reasons(own_part_of(done));
  return done;
}

}  // namespace loopscope::probe
