// SPDX-License-Identifier: MIT

#include "outside_loop.hpp"

#include <utility>

#include "watch/watched_loop.hpp"

namespace loopscope::monitor {
namespace {

options without_signal(options settings) {
  settings.capture_signal = no_capture_signal;
  settings.activity_capacity = 0;
  return settings;
}

}  // namespace

outside_loop::outside_loop(options settings) : loop_watch(loop_hooks{}, without_signal(std::move(settings))) {}

void outside_loop::add(std::shared_ptr<loop_thread> thread) {
  loop().add_thread(std::move(thread));
}

std::size_t outside_loop::threads() const {
  return loop().threads();
}

void outside_loop::blocking_finish() {
  loop().blocking_finish();
}

}  // namespace loopscope::monitor
