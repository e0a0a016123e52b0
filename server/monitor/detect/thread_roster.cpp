// SPDX-License-Identifier: MIT

#include "thread_roster.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "writers/system/thread_specific.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::nanoseconds;

/// The slots of one thread, in every roster that it has joined. Says that the thread is gone when it ends.
class own_slots {
 public:
  own_slots() = default;
  own_slots(const own_slots&) = delete;
  own_slots& operator=(const own_slots&) = delete;
  ~own_slots() {
    for (const auto& each : entries_) each.slot->set_gone();
  }

  thread_slot* find(std::uint64_t roster) const noexcept {
    const auto found = std::ranges::find(entries_, roster, &entry::roster);
    return found == entries_.end() ? nullptr : found->slot.get();
  }
  void add(std::uint64_t roster, std::shared_ptr<thread_slot> slot) {
    std::erase_if(entries_, [](const entry& each) { return each.slot.use_count() == 1; });
    entries_.push_back({roster, std::move(slot)});
  }
  void renew_identity() const noexcept {
    const auto identity = thread_identity::of_this_thread();
    for (const auto& each : entries_) each.slot->set_identity(identity);
  }

 private:
  struct entry {
    std::uint64_t roster;
    std::shared_ptr<thread_slot> slot;
  };
  std::vector<entry> entries_;
};

own_slots& slots_of_this_thread() {
  static auto& slots = *new system::thread_specific<own_slots>;
  return slots.get();
}

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

thread_roster::thread_roster(nanoseconds long_turn, std::shared_ptr<wake_signal> wake)
    : id_(next_id()), long_turn_(long_turn), wake_(std::move(wake)) {}

thread_slot& thread_roster::slot_of_this_thread() {
  auto& own = slots_of_this_thread();
  if (auto* known = own.find(id_)) return *known;
  // Its first use may allocate thread-local storage, which the handler of the capture signal must not do.
  static_cast<void>(std::uncaught_exceptions());
  // A slot that others made for this thread is one of this process.
  auto slot = std::static_pointer_cast<thread_slot>(find_or_add(thread_identity::of_this_thread()));
  own.add(id_, slot);
  return *slot;
}

void thread_roster::add(const thread_identity& found) {
  find_or_add(found);
}

void thread_roster::add(std::shared_ptr<loop_thread> found) {
  const auto cpu = found->blocking_cpu().value_or(nanoseconds{0});
  const std::lock_guard lock(mutex_);
  members_.push_back({std::move(found), cpu});
  has_members_ = true;
}

std::shared_ptr<loop_thread> thread_roster::find_or_add(const thread_identity& identity) {
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find_if(
      members_, [&](const member& each) { return each.thread->id().tid == identity.tid && !each.thread->gone(); });
  if (known != members_.end()) return known->thread;
  auto slot = std::make_shared<thread_slot>(identity, long_turn_, wake_);
  members_.push_back({slot, slot->blocking_cpu().value_or(nanoseconds{0})});
  has_members_ = true;
  return slot;
}

thread_roster::members thread_roster::threads() const {
  const std::lock_guard lock(mutex_);
  members out;
  out.reserve(members_.size());
  for (const auto& each : members_) out.push_back(each.thread);
  return out;
}

std::size_t thread_roster::size() const {
  const std::lock_guard lock(mutex_);
  return members_.size();
}

void thread_roster::remove(const loop_thread& thread) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(members_, [&](const member& each) { return each.thread.get() == &thread; });
  if (found == members_.end()) return;
  found->thread->add_handler_times(times_of_former_);
  members_.erase(found);
}

void thread_roster::on_fork_in_child() {
  slots_of_this_thread().renew_identity();
  const auto* own = slots_of_this_thread().find(id_);
  for (const auto& each : members_) {
    auto* const slot = dynamic_cast<thread_slot*>(each.thread.get());
    if (slot && slot != own) slot->set_gone();
  }
}

std::optional<nanoseconds> thread_roster::cpu() const {
  const std::lock_guard lock(mutex_);
  if (!has_members_) return std::nullopt;
  nanoseconds sum{0};
  for (const auto& each : members_) {
    if (const auto cpu = each.thread->blocking_cpu()) sum += *cpu - each.cpu_at_start;
  }
  max_cpu_ = std::max(max_cpu_, sum);
  return max_cpu_;
}

handler_times thread_roster::times_of_handlers() const {
  const std::lock_guard lock(mutex_);
  auto out = times_of_former_;
  for (const auto& each : members_) each.thread->add_handler_times(out);
  return out;
}

bool thread_roster::is_counted() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(members_, [](const member& each) { return each.thread->counted(); }) ||
         times_of_former_.count > 0;
}

}  // namespace loopscope::monitor
