// SPDX-License-Identifier: MIT

#include "directory_watch.hpp"

#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace loopscope::admin {

using clock = std::chrono::steady_clock;

struct directory_watch::shared_state {
  std::function<std::string()> blocking_check;
  std::chrono::milliseconds period;
  std::chrono::milliseconds max_wait;

  std::mutex mutex;  // guards the members below
  std::condition_variable changed;
  std::optional<clock::time_point> check_began;
  std::string failure;
  bool stop = false;
  bool ended = false;
};

directory_watch::directory_watch(std::function<std::string()> blocking_check, std::chrono::milliseconds period,
                                 std::chrono::milliseconds max_wait)
    : state_(std::make_shared<shared_state>()) {
  state_->blocking_check = std::move(blocking_check);
  state_->period = period;
  state_->max_wait = max_wait;
  std::thread{[state = state_] { run(*state); }}.detach();
}

directory_watch::~directory_watch() {
  std::unique_lock lock{state_->mutex};
  state_->stop = true;
  state_->changed.notify_all();
  state_->changed.wait(lock, [this] { return state_->ended || state_->check_began.has_value(); });
}

std::string directory_watch::failure() const {
  const std::lock_guard lock{state_->mutex};
  if (state_->check_began && clock::now() - *state_->check_began > state_->max_wait) return "it does not answer";
  return state_->failure;
}

void directory_watch::run(shared_state& state) {
  ::pthread_setname_np(::pthread_self(), "directory");
  std::unique_lock lock{state.mutex};
  while (!state.stop) {
    state.check_began = clock::now();
    lock.unlock();
    std::string failure = state.blocking_check();
    lock.lock();
    state.check_began.reset();
    state.failure = std::move(failure);
    state.changed.wait_for(lock, state.period, [&state] { return state.stop; });
  }
  state.ended = true;
  state.changed.notify_all();
}

}  // namespace loopscope::admin
