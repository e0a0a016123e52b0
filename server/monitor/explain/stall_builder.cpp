// SPDX-License-Identifier: MIT

#include "stall_builder.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "blame.hpp"
#include "blocked_call.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_other_blamed_frames = 4;
constexpr std::size_t max_calls = 8;
constexpr std::uint64_t min_ratio_to_replace = 3;

bool is_same_place(const stack_frame& a, const stack_frame& b) {
  return a.function == b.function && a.file == b.file;
}

}  // namespace

stall_builder::stall_builder(std::uint64_t id, stall_tracker::time_point start, const clock_reading& found,
                             time_breakdown times, std::string no_stack_reason, library_prefixes declared)
    : id_(id),
      start_(start),
      started_(found.to_system(start)),
      times_(times),
      declared_(declared),
      no_stack_reason_(std::move(no_stack_reason)) {}

void stall_builder::add_sample(const thread_sample& sample, const watched_thread& thread,
                               const activity_slot& activities) {
  times_.add_sample(sample);
  if (!operation_ && thread.pid == ::getpid()) operation_ = current_operation(thread.tid);
  count_call(sample, thread);
  observe_activity(activities);
}

void stall_builder::count_call(const thread_sample& sample, const watched_thread& thread) {
  if (sample.state != thread_state::asleep || !sample.call) return;
  const auto descriptor = static_cast<int>(sample.call->arguments[0]);
  const auto known = std::ranges::find_if(calls_, [&](const counted_call& c) {
    return c.number == sample.call->number && (!c.call.fd || *c.call.fd == descriptor);
  });
  if (known != calls_.end()) {
    ++known->samples;
  } else if (calls_.size() < max_calls) {
    if (auto call = describe_call(thread, *sample.call)) calls_.push_back({sample.call->number, std::move(*call), 1});
  }
}

void stall_builder::observe_activity(const activity_slot& activities) {
  const auto handlers_run = activities.handlers_run();
  const auto ticket = activities.current();
  if (handlers_run == 0 && ticket == 0) return;
  if (activity_samples_++ > 0 && (handlers_run != last_handlers_run_ || ticket != last_ticket_)) ++activity_changes_;
  last_handlers_run_ = handlers_run;
  last_ticket_ = ticket;
  if (!request_) request_ = activities.read();
}

bool stall_builder::add_explanation(explanation found) {
  if (found.call) {
    // It knows more than the number: the peer, and the descriptors that poll() waits for.
    const auto known =
        std::ranges::find(calls_, found.call->name, [](const counted_call& each) { return each.call.name; });
    if (known != calls_.end() && (!found.call->peer.empty() || !known->call.fd)) known->call = *found.call;
  }
  if (!found.stack.empty()) ++stacks_;
  if (found.call_on_cpu) {
    const auto known = std::ranges::find(calls_on_cpu_, found.call_on_cpu->name,
                                         [](const counted_call& each) { return each.call.name; });
    if (known != calls_on_cpu_.end()) {
      ++known->samples;
    } else if (calls_on_cpu_.size() < max_calls) {
      calls_on_cpu_.push_back({0, *std::move(found.call_on_cpu), 1});
    }
  }
  if (found.lock && !holder_) lock_ = found.lock;
  if (found.holder && !holder_) holder_ = std::move(found.holder);
  if (found.stack.empty()) {
    if (!found.no_stack_reason.empty()) no_stack_reason_ = std::move(found.no_stack_reason);
    return false;
  }
  if (stack_.empty()) awaited_by_ = std::move(found.awaited_by);
  add_stack(std::move(found.stack));
  return true;
}

void stall_builder::add_stack(std::vector<stack_frame> stack) {
  is_outside_loop_ = !has_loop_frame(stack);
  if (const auto handler = find_handler_frame(stack, declared_)) {
    const auto& frame = stack[*handler];
    if (!handler_) handler_ = frame;
    if (!is_same_place(*handler_, frame)) handler_changed_ = true;
  }
  if (stack_.empty()) {
    stack_ = std::move(stack);
    blamed_samples_ = 1;
    return;
  }
  const auto blamed = find_blamed_frame(stack, declared_);
  const auto first = find_blamed_frame(stack_, declared_);
  if (!blamed) return;
  if (first && is_same_place(stack[*blamed], stack_[*first])) {
    ++blamed_samples_;
    return;
  }
  auto at = static_cast<std::size_t>(
      std::ranges::find_if(other_blamed_frames_,
                           [&](const stack_frame& f) { return is_same_place(f, stack[*blamed]); }) -
      other_blamed_frames_.begin());
  if (at == other_blamed_frames_.size()) {
    if (at == max_other_blamed_frames) return;
    other_blamed_frames_.push_back(stack[*blamed]);
    other_samples_.push_back(0);
  }
  // The first look met something short before the long part, or its stack ended early and names nothing.
  const bool is_cut_off = !first && !has_loop_frame(stack_);
  if (++other_samples_[at] < (is_cut_off ? 1 : blamed_samples_ * min_ratio_to_replace)) return;
  std::swap(other_samples_[at], blamed_samples_);
  if (first) {
    other_blamed_frames_[at] = stack_[*first];
  } else {
    other_blamed_frames_.erase(other_blamed_frames_.begin() + static_cast<std::ptrdiff_t>(at));
    other_samples_.erase(other_samples_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  stack_ = std::move(stack);
}

stall_record stall_builder::build(const time_split& split, bool in_progress) const {
  stall_record out;
  out.id = id_;
  out.started = started_;
  out.started_steady = start_;
  out.duration = split.wall;
  out.in_progress = in_progress;
  out.verdict = classify(split);
  out.cpu = split.cpu;
  out.run_queue = split.run_queue;
  out.off_cpu = split.off_cpu();
  if (const auto* counted = most_frequent_call(); counted && out.verdict == verdict::off_cpu) out.call = counted->call;
  if (out.verdict == verdict::on_cpu) out.call = usual_call_on_cpu();
  if (out.verdict == verdict::off_cpu) {
    out.lock = lock_;
    out.holder = holder_;
  }
  out.operation = operation_;
  out.awaited_by = awaited_by_;
  out.stack = stack_;
  out.culprit = find_blamed_frame(stack_, declared_);
  if (stack_.empty()) out.no_stack_reason = no_stack_reason_;
  out.handlers = handlers();
  out.other_culprits = other_blamed_frames_;
  out.request = request_;
  return out;
}

const stall_builder::counted_call* stall_builder::most_frequent_call() const {
  const auto found = std::ranges::max_element(calls_, {}, &counted_call::samples);
  return found == calls_.end() ? nullptr : &*found;
}

// A loop that writes is in the call in most of its stacks, but not in all. One look may have met a rare call.
std::optional<blocked_call> stall_builder::usual_call_on_cpu() const {
  const auto found = std::ranges::max_element(calls_on_cpu_, {}, &counted_call::samples);
  if (found == calls_on_cpu_.end() || found->samples * 4 < stacks_) return std::nullopt;
  if (stacks_ > 2 && found->samples < 2) return std::nullopt;
  return found->call;
}

handler_count stall_builder::handlers() const {
  // A single change may be the end of the only long handler, if others ran after it and before the probe.
  if (handler_changed_ || activity_changes_ >= 2) return handler_count::many;
  return activity_samples_ >= 2 && activity_changes_ == 0 ? handler_count::one : handler_count::unknown;
}

std::uint64_t stall_builder::fingerprint() const {
  if (!stack_.empty()) return stack_fingerprint(stack_, declared_);
  const auto* counted = most_frequent_call();
  return counted ? static_cast<std::uint64_t>(counted->number) + 1 : 0;
}

}  // namespace loopscope::monitor
