// SPDX-License-Identifier: MIT

#include "load_run.hpp"

#include <algorithm>
#include <utility>

#include "writers/system/clock.hpp"

namespace loopscope::probe {
namespace {

/// A server that accepts no connection in this time at the start is not reachable.
constexpr std::chrono::seconds max_preparation{5};
/// Between the last established connection and the first request.
constexpr std::chrono::milliseconds lead{5};
/// Requests sent without a turn of the loop: a schedule that is too fast must not prevent reading and Ctrl-C.
constexpr int max_batch = 64;

}  // namespace

load_run::load_run(asio::io_context& loop, settings configured, schedule times, ledger& records, trigger* extra)
    : loop_(loop),
      settings_(std::move(configured)),
      schedule_(times),
      ledger_(records),
      trigger_(extra),
      pool_(settings_.max_connections, settings_.addresses.size() > 1 ? connection_pool::idle_order::in_turn
                                                                      : connection_pool::idle_order::used_last),
      timer_(loop) {
  result_.addresses.resize(settings_.addresses.size());
}

void load_run::prepare(std::function<void(clock::time_point)> on_start) {
  on_start_ = std::move(on_start);
  preparing_ = settings_.connections;
  for (std::size_t i = 0; i < settings_.connections; ++i) open(pool_.open_spare());
  if (trigger_ != nullptr) trigger_->prepare();
  timer_.expires_after(max_preparation);
  timer_.async_wait([this](error_code error) {
    if (error || phase_ != phase::preparing) return;
    if (!result_.reached) result_.connect_error = asio::error::timed_out;
    start();
  });
}

void load_run::start() {
  if (!result_.reached) return finish();
  phase_ = phase::sending;
  start_ = clock::now() + lead;
  cpu_at_start_ = system::read_clock(CLOCK_THREAD_CPUTIME_ID);
  on_start_(start_);
  if (trigger_ != nullptr) trigger_->arm(start_);
  wait_until(schedule_.next().value_or(settings_.duration));
}

void load_run::interrupt() {
  const bool may_wait = phase_ == phase::sending && settings_.drain.count() > 0;
  result_.interrupted = true;
  if (!may_wait) return finish();
  settings_.duration = std::max(elapsed(), std::chrono::nanoseconds{0});
  schedule_.end_at(settings_.duration);
  if (trigger_ != nullptr && !trigger_->record().started) trigger_->close();
  on_timer();
}

void load_run::wait_until(std::chrono::nanoseconds when) {
  timer_.expires_at(start_ + when);
  timer_.async_wait([this](error_code error) {
    if (!error) on_timer();
  });
}

void load_run::on_timer() {
  if (phase_ == phase::preparing || phase_ == phase::finished) return;
  send_due();
  const auto end = settings_.duration + settings_.drain;
  const auto now = elapsed();
  if (now >= end) return finish();
  if (now >= settings_.duration) phase_ = phase::draining;
  const auto next_end = phase_ == phase::draining ? end : settings_.duration;
  wait_until(schedule_.next().value_or(next_end));
  finish_if_complete();
}

void load_run::skip_missed(std::chrono::nanoseconds now) {
  if (schedule_.next()) {
    const auto gap_start = std::max(checked_at_, *schedule_.next());
    if (now - gap_start > max_gap) {
      result_.not_running += now - gap_start;
      for (; schedule_.next() && *schedule_.next() < now; schedule_.advance()) ledger_.skip(*schedule_.next(), now);
    }
  }
  checked_at_ = now;
}

void load_run::send_due() {
  if (phase_ == phase::preparing || phase_ == phase::finished) return;
  for (int batch = 0; batch < max_batch; ++batch) {
    const auto now = elapsed();
    skip_missed(now);
    if (!schedule_.next() || *schedule_.next() > now) break;
    const request_id request = ledger_.take(*schedule_.next(), now);
    schedule_.advance();
    const auto decision = pool_.place(request);
    switch (decision.next) {
      case connection_pool::step::send:
        send(decision.slot, request, true);
        break;
      case connection_pool::step::open:
        open(decision.slot);
        break;
      case connection_pool::step::wait:
        break;
    }
  }
}

void load_run::finish_if_complete() {
  if (phase_ != phase::draining || schedule_.next() || ledger_.unfinished() > 0) return;
  if (trigger_ == nullptr || !trigger_->pending()) finish();
}

void load_run::finish() {
  if (phase_ == phase::finished) return;
  if (phase_ != phase::preparing) {
    result_.measured_until = std::max(elapsed(), std::chrono::nanoseconds{0});
    record_unsent();
    if (result_.measured_until.count() > 0) {
      const std::chrono::duration<double> cpu = system::read_clock(CLOCK_THREAD_CPUTIME_ID) - cpu_at_start_;
      result_.thread_busy = cpu / result_.measured_until;
    }
  }
  phase_ = phase::finished;
  for (const auto& each : connections_) {
    if (each.link) each.link->close();
  }
  if (trigger_ != nullptr) trigger_->close();
  timer_.cancel();
  loop_.stop();
}

void load_run::record_unsent() {
  skip_missed(result_.measured_until);
  for (; schedule_.next() && *schedule_.next() <= result_.measured_until; schedule_.advance()) {
    ledger_.take(*schedule_.next(), result_.measured_until);
  }
}

void load_run::open(slot_id slot) {
  if (slot >= connections_.size()) connections_.resize(slot + 1);
  const std::size_t address = next_address_++ % settings_.addresses.size();
  connections_[slot] = {std::make_shared<connection>(loop_.get_executor(), *this, slot, settings_.format), address};
  connections_[slot].link->open(settings_.addresses[address]);
}

void load_run::send(slot_id slot, request_id request, bool reused) {
  if (!ledger_.records()[request].repeated) ledger_.sent(request, elapsed());
  ++result_.addresses[connections_[slot].address].requests;
  connections_[slot].link->send(settings_.request_bytes, reused);
}

bool load_run::may_repeat(const connection& lost, request_id request) const {
  return settings_.idempotent && lost.died_idle() && !ledger_.records()[request].repeated;
}

void load_run::lose(slot_id slot) {
  connections_[slot].link.reset();
  if (const auto next = pool_.closed(slot)) open(*next);
}

void load_run::on_connected(connection& source) {
  result_.reached = true;
  ++result_.addresses[connections_[source.slot()].address].connections;
  if (const auto request = pool_.freed(source.slot(), true)) send(source.slot(), *request, false);
  if (phase_ == phase::preparing && --preparing_ == 0) start();
}

void load_run::on_response(connection& source, response&& received) {
  const slot_id slot = source.slot();
  const auto request = pool_.request_of(slot);
  if (request) ledger_.completed(*request, elapsed(), received.status, settings_.expect.match(received.status));
  if (!request || !received.keeps_connection) {  // no request: such as a 408 before the
                                                 // server closes an idle connection
    source.close();
    lose(slot);
  } else if (const auto next = pool_.freed(slot, false)) {
    send(slot, *next, true);
  }
  send_due();
  finish_if_complete();
}

void load_run::on_ended(connection& source, error_code error, bool connected) {
  const slot_id slot = source.slot();
  if (!connected) ++result_.addresses[connections_[slot].address].unreached;
  const auto request = pool_.request_of(slot);
  if (request && may_repeat(source, *request)) {
    ledger_.repeated(*request);
    pool_.reopened();
    open(slot);
  } else {
    if (request) ledger_.failed(*request, elapsed(), cause_of(error, connected));
    lose(slot);
  }
  if (phase_ == phase::preparing && !connected) {
    result_.connect_error = error;
    if (--preparing_ == 0) start();
  }
  send_due();
  finish_if_complete();
}

}  // namespace loopscope::probe
