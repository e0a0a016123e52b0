// SPDX-License-Identifier: MIT

#include "write_workers.hpp"

#include <sched.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/system/system_category.hpp>
#include <cerrno>
#include <utility>

namespace loopscope::writers {
namespace {

using clock = spin_gate::clock;

/// Writes that a worker takes at once at most, and carries out before other files get their turn. Measured with four
/// floods at once: 64 is as fast as one file alone; with 16 the workers' mutex is taken too often.
constexpr std::size_t max_writes_per_turn = 64;
/// Workers of one file at once. The kernel serialises the inner part of the writes of a file: a second worker is on its
/// way into the kernel or out of it meanwhile, and a third would only wait.
constexpr std::size_t max_turns_per_file = 2;
/// How long a worker spins for the next write: longer than filling a 64 KiB chunk, which takes 60 us.
constexpr std::chrono::microseconds max_spin{200};
/// A look at the queue that takes longer, or a sched_yield(2), gave the core to a thread that wants it for itself:
/// what the pool and its loop do between two looks takes a few microseconds.
constexpr std::chrono::microseconds max_pause{200};
/// The loop hears of the writes of a flood once in this time, not of each turn: a wake-up takes a core from a worker.
constexpr std::chrono::microseconds min_notification_interval{500};

}  // namespace

// Each write has its own place, so the rest of a short one does not follow another thread's record. One that fails
// leaves a hole, in a file that its run then discards. The places of all are taken at once: what two workers change in
// turns costs each of them more than 0.2 us.
operation_queue write_workers::file::blocking_write_each(operation_queue& operations, bool cancelled) {
  const std::size_t bytes = cancelled ? 0 : operations.data_bytes();
  std::uint64_t begin = end_.fetch_add(bytes, std::memory_order_relaxed);
  return blocking_write_batch(target_, [&](auto& target) {
    operation_queue done;
    while (!operations.empty()) {
      write_operation& operation = operations.pop();
      operation.error_value = cancelled ? ECANCELED : blocking_write_all_at(target, begin, operation.data).value();
      begin += operation.data.size();
      done.push(operation);
    }
    return done;
  });
}

int write_workers::file::blocking_write(std::span<const std::byte> data) {
  const std::uint64_t begin = end_.fetch_add(data.size(), std::memory_order_relaxed);
  return blocking_write_all_at(target_, begin, data).value();
}

void write_workers::add_file(loop& of_file) {
  const std::lock_guard lock{mutex_};
  const auto known = std::ranges::find(loops_, &of_file, &used_loop::context);
  if (known != loops_.end()) {
    ++known->files;
  } else {
    loops_.push_back({&of_file, 1});
  }
}

void write_workers::remove_file(loop& of_file) {
  const std::lock_guard lock{mutex_};
  const auto known = std::ranges::find(loops_, &of_file, &used_loop::context);
  if (--known->files == 0) loops_.erase(known);
}

bool write_workers::submit(const file_pointer& writing, operation_queue& operations, bool polled) {
  std::size_t new_workers = 0;
  {
    const std::lock_guard lock{mutex_};
    polled = polled && !writing->notified_;
    writing->notified_ = writing->notified_ || polled;
    if (polled && post_lone_write(writing, operations)) return true;
    writing->waiting_.append(operations);
    queue_turns(writing);
    const std::size_t workers_to_come = spinning_ + starting_;
    const bool soon = polled && workers_ > workers_to_come;  // one is writing and will look for the next turn
    if (!soon && turns_.size() > workers_to_come)
      new_workers = std::min(turns_.size() - workers_to_come, threads_ - workers_);
    workers_ += new_workers;
    starting_ += new_workers;
  }
  for (; new_workers > 0; --new_workers) post_worker();
  return polled;
}

void write_workers::add_worker() {
  {
    const std::lock_guard lock{mutex_};
    if (turns_.size() <= starting_ || workers_ == threads_) return;
    ++workers_;
    ++starting_;
  }
  post_worker();
}

void write_workers::cancel(file& writing) {
  const std::lock_guard lock{mutex_};
  writing.cancelled_ = true;
}

bool write_workers::take_completed(file& from, operation_queue& to, std::size_t max_count) {
  const std::lock_guard lock{mutex_};
  to.append(from.completed_);
  if (mailbox* const box = from.mailbox_.load(std::memory_order_relaxed)) take_lone_write(*box, to);
  from.has_completed_.store(false, std::memory_order_relaxed);
  from.notified_ = to.size() > max_count;
  return from.notified_;
}

void write_workers::post_worker() {
  boost::asio::post(pool_, [this] { blocking_work(); });
}

void write_workers::blocking_work() {
  worker mine;
  for (;;) {
    switch (exchange(mine)) {
      case next_step::write:
        mine.written += mine.operations.size();
        mine.operations = mine.on->blocking_write_each(mine.operations, mine.cancelled);
        break;
      case next_step::spin:
        mine.spun = blocking_spin(mine);
        break;
      case next_step::yield:
        return post_worker();
      case next_step::end:
        return;
    }
  }
}

/// Hands over the completed writes and takes the next ones.
write_workers::next_step write_workers::exchange(worker& mine) {
  const file_pointer served = std::move(mine.on);
  std::vector<file_pointer> to_notify;
  const auto step = [&] {
    const std::lock_guard lock{mutex_};
    if (std::exchange(mine.starting, false)) --starting_;
    if (served) {
      if (end_turn(*served, mine.operations)) to_notify.push_back(served);
      queue_turns(served);
    }
    const spin_end spun = std::exchange(mine.spun, spin_end::none);
    if (std::exchange(mine.has_mailboxes, false)) close_mailboxes(to_notify);
    if (spun != spin_end::none) {
      --spinning_;
      mine.written = 0;
    }
    if (!turns_.empty()) {
      if (spun != spin_end::none) spin_gate_.succeeded();
      // Other tasks of the pool may have no thread but this one.
      if (mine.written >= max_writes_per_turn && tasks_waiting_.load(std::memory_order_relaxed) > 0) {
        ++starting_;
        return next_step::yield;
      }
      mine.on = std::move(turns_.front());
      turns_.pop_front();
      has_turns_.store(!turns_.empty(), std::memory_order_relaxed);
      const std::size_t share = mine.on->waiting_.size() / (2 * threads_) + 1;
      mine.operations = mine.on->waiting_.take(std::min(share, max_writes_per_turn));
      mine.cancelled = mine.on->cancelled_;
      return next_step::write;
    }
    if (spun == spin_end::time_is_up) spin_gate_.failed();
    if (spun == spin_end::core_lost) spin_gate_.unwanted(clock::now());
    const bool ends = spun != spin_end::none && spun != spin_end::turn_came;
    if (ends || !may_spin(mine)) {
      --workers_;
      return next_step::end;
    }
    ++spinning_;
    mine.has_mailboxes =
        !mine.yielding && mailboxes_.front().state.load(std::memory_order_relaxed) == mailbox_state::closed;
    if (mine.has_mailboxes)
      for (mailbox& box : mailboxes_) box.state.store(mailbox_state::empty, std::memory_order_relaxed);
    return next_step::spin;
  }();
  for (const file_pointer& each : to_notify) each->notify_loop();
  return step;
}

/// Returns whether the loop must be notified.
bool write_workers::end_turn(file& of, operation_queue& done) {
  --of.turns_;
  if (done.empty()) return false;
  of.completed_.append(done);
  of.has_completed_.store(true, std::memory_order_release);
  if (of.notified_) return false;
  const auto now = clock::now();
  // While some wait, a later turn comes.
  if (!of.waiting_.empty() && now - of.notified_at_ < min_notification_interval) return false;
  of.notified_at_ = now;
  of.notified_ = true;
  return true;
}

void write_workers::queue_turns(const file_pointer& writing) {
  while (writing->turns_ < std::min(writing->waiting_.size(), max_turns_per_file)) {
    turns_.push_back(writing);
    ++writing->turns_;
  }
  has_turns_.store(!turns_.empty(), std::memory_order_release);
}

bool write_workers::may_spin(worker& mine) {
  const std::size_t other_workers = workers_ - 1;  // those that write and those that spin
  const std::size_t used = loops_.size() + other_workers + tasks_running_.load(std::memory_order_relaxed);
  mine.yielding = used >= cpus_;
  if (mine.yielding && spinning_ > 0) return false;
  return spin_gate_.should_spin(clock::now());
}

write_workers::spin_end write_workers::blocking_spin(const worker& mine) {
  auto looked = clock::now();
  auto give_up = looked + max_spin;
  while (!has_turns_.load(std::memory_order_acquire)) {
    if (mine.yielding) ::sched_yield();
    if (mine.has_mailboxes) {
      for (mailbox& box : mailboxes_) {
        if (!begin_posted(box)) continue;
        if (!blocking_write_posted(box)) return spin_end::turn_came;
        looked = clock::now();
        give_up = looked + max_spin;
      }
    }
    const auto now = clock::now();
    if (now - looked > max_pause) return spin_end::core_lost;
    if (now >= give_up) return spin_end::time_is_up;
    if (tasks_waiting_.load(std::memory_order_relaxed) > 0) return spin_end::task_waits;
    looked = now;
  }
  return spin_end::turn_came;
}

/// Returns false, and changes nothing, where there is more than one write or no empty mailbox.
bool write_workers::post_lone_write(const file_pointer& writing, operation_queue& operations) {
  if (operations.size() != 1 || writing->turns_ != 0 || writing->cancelled_) return false;
  const auto empty = std::ranges::find_if(mailboxes_, [](const mailbox& each) {
    return each.state.load(std::memory_order_relaxed) == mailbox_state::empty;
  });
  if (empty == mailboxes_.end()) return false;
  mailbox& box = *empty;
  ++writing->turns_;
  if (in_mailboxes_++ == 0) --spinning_;  // the worker writes
  box.user = writing;
  box.operation = &operations.pop();
  writing->mailbox_.store(&box, std::memory_order_relaxed);
  box.target = writing.get();
  box.data = box.operation->data;
  box.state.store(mailbox_state::posted, std::memory_order_release);
  return true;
}

bool write_workers::begin_posted(mailbox& box) {
  auto state = mailbox_state::posted;
  return box.state.load(std::memory_order_relaxed) == state &&
         box.state.compare_exchange_strong(state, mailbox_state::writing, std::memory_order_acquire);
}

/// Returns whether the loop still polls.
bool write_workers::blocking_write_posted(mailbox& box) {
  box.error_value = box.target->blocking_write(box.data);
  return box.state.exchange(mailbox_state::done, std::memory_order_acq_rel) == mailbox_state::writing;
}

/// Takes the write if it is done. If not, its loop polls no longer.
void write_workers::take_lone_write(mailbox& box, operation_queue& to) {
  auto state = mailbox_state::posted;
  if (box.state.compare_exchange_strong(state, mailbox_state::empty, std::memory_order_acquire))
    return queue_lone_write(box, mailbox_state::empty);
  if (state == mailbox_state::writing &&
      box.state.compare_exchange_strong(state, mailbox_state::abandoned, std::memory_order_acquire))
    return;
  if (state != mailbox_state::done) return;
  const file_pointer user = box.user;
  --user->turns_;
  to.push(clear_mailbox(box, mailbox_state::empty));
  queue_turns(user);
  spin_gate_.succeeded();
}

/// Ends the turn of each write that is done, and queues those that have not begun.
void write_workers::close_mailboxes(std::vector<file_pointer>& to_notify) {
  for (mailbox& box : mailboxes_) {
    switch (box.state.load(std::memory_order_relaxed)) {
      case mailbox_state::posted:
        queue_lone_write(box, mailbox_state::closed);
        break;
      case mailbox_state::done: {
        const file_pointer user = box.user;
        operation_queue done;
        done.push(clear_mailbox(box, mailbox_state::closed));
        if (end_turn(*user, done)) to_notify.push_back(user);
        queue_turns(user);
        break;
      }
      default:
        box.state.store(mailbox_state::closed, std::memory_order_relaxed);
    }
  }
}

void write_workers::queue_lone_write(mailbox& box, mailbox_state next) {
  const file_pointer user = box.user;
  --user->turns_;
  user->waiting_.push(clear_mailbox(box, next));
  queue_turns(user);
}

write_operation& write_workers::clear_mailbox(mailbox& box, mailbox_state next) {
  if (--in_mailboxes_ == 0) ++spinning_;
  box.operation->error_value = box.error_value;
  box.user->mailbox_.store(nullptr, std::memory_order_relaxed);
  box.user.reset();
  box.state.store(next, std::memory_order_relaxed);
  return *box.operation;
}

}  // namespace loopscope::writers
