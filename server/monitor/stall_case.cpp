#include "stall_case.hpp"

#include <algorithm>
#include <utility>

#include "culprit.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_other_culprits = 4;
constexpr std::size_t max_calls = 8;

bool same_place(const stack_frame& a, const stack_frame& b) {
  return a.function == b.function && a.file == b.file;
}

}  // namespace

stall_case::stall_case(std::uint64_t id, stall_tracker::time_point start, const clock_reading& found,
                       time_account account, std::string no_stack_yet)
    : id_(id),
      start_(start),
      started_(found.to_system(start)),
      account_(std::move(account)),
      no_stack_reason_(std::move(no_stack_yet)) {}

void stall_case::look(const sighting& seen, const loop_thread& thread, const activity_slot& slot) {
  account_.look(seen);
  see_call(seen, thread);
  see_activity(slot);
}

void stall_case::see_call(const sighting& seen, const loop_thread& thread) {
  if (seen.state != thread_state::asleep || !seen.call) return;
  const auto descriptor = static_cast<int>(seen.call->arguments[0]);
  const auto known = std::ranges::find_if(calls_, [&](const seen_call& c) {
    return c.number == seen.call->number && (!c.what.fd || *c.what.fd == descriptor);
  });
  if (known != calls_.end()) {
    ++known->looks;
  } else if (calls_.size() < max_calls) {
    if (auto what = thread.describe(*seen.call)) calls_.push_back({seen.call->number, std::move(*what), 1});
  }
}

void stall_case::see_activity(const activity_slot& slot) {
  const auto turns = slot.turns();
  const auto ticket = slot.current();
  if (turns == 0 && ticket == 0) return;
  if (activity_looks_++ > 0 && (turns != last_turns_ || ticket != last_ticket_)) ++activity_changes_;
  last_turns_ = turns;
  last_ticket_ = ticket;
  if (!request_) request_ = slot.read();
}

void stall_case::add_stack(std::vector<stack_frame> stack) {
  if (const auto handler = find_handler(stack)) {
    const auto& frame = stack[*handler];
    if (!handler_) handler_ = frame;
    if (!same_place(*handler_, frame)) handler_changed_ = true;
  }
  if (stack_.empty()) {
    stack_ = std::move(stack);
    return;
  }
  const auto culprit = find_culprit(stack);
  const auto first = find_culprit(stack_);
  if (!culprit || (first && same_place(stack[*culprit], stack_[*first]))) return;
  const bool known =
      std::ranges::any_of(other_culprits_, [&](const stack_frame& f) { return same_place(f, stack[*culprit]); });
  if (!known && other_culprits_.size() < max_other_culprits) other_culprits_.push_back(std::move(stack[*culprit]));
}

void stall_case::describe(stall_record& out, const evidence& seen, bool in_progress) const {
  out.id = id_;
  out.started = started_;
  out.started_steady = start_;
  out.duration = seen.wall;
  out.in_progress = in_progress;
  out.why = judge(seen);
  out.cpu = seen.cpu;
  out.run_queue = seen.run_queue;
  out.off_cpu = seen.off_cpu();
  out.call.reset();
  if (const auto* call = usual_call(); call && out.why == verdict::off_cpu) out.call = call->what;
  out.stack = stack_;
  out.culprit = find_culprit(stack_);
  out.no_stack_reason = stack_.empty() ? no_stack_reason_ : std::string{};
  out.handlers = handlers();
  out.other_culprits = other_culprits_;
  out.request = request_;
}

const stall_case::seen_call* stall_case::usual_call() const {
  const auto usual = std::ranges::max_element(calls_, {}, &seen_call::looks);
  return usual == calls_.end() ? nullptr : &*usual;
}

culprits stall_case::handlers() const {
  // One change may be the end of the only long handler, with others run after it and before the probe.
  if (handler_changed_ || activity_changes_ >= 2) return culprits::many;
  return activity_looks_ >= 2 && activity_changes_ == 0 ? culprits::one : culprits::unknown;
}

std::uint64_t stall_case::fingerprint() const {
  if (!stack_.empty()) return monitor::fingerprint(stack_);
  const auto* call = usual_call();
  return call ? static_cast<std::uint64_t>(call->number) + 1 : 0;
}

}  // namespace loopscope::monitor
