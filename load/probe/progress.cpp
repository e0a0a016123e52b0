#include "progress.hpp"

#include <algorithm>
#include <cstdio>

#include "text.hpp"

namespace loopscope::probe {

std::string progress_text(std::chrono::nanoseconds elapsed, std::chrono::nanoseconds duration,
                          const live_counts& live) {
  const auto seconds = [](std::chrono::nanoseconds time, int decimals) {
    return with_decimals(std::max(0.0, std::chrono::duration<double>(time).count()), decimals);
  };
  // Parts before their whole: what is counted in between must not make them the larger.
  const auto unexpected = live.unexpected.load(std::memory_order_relaxed);
  const auto answered = live.answered.load(std::memory_order_relaxed);
  const auto failed = live.failed.load(std::memory_order_relaxed);
  const auto taken = std::max(live.taken.load(std::memory_order_relaxed), answered + failed);
  return seconds(elapsed, 1) + " of " + seconds(duration, 1) + " s  " + with_commas(taken) + " due  " +
         with_commas(answered) + " answered" +
         (unexpected > 0 ? " (" + with_commas(unexpected) + " unexpected)  " : "  ") +
         with_commas(taken - answered - failed) + " waiting  " + with_commas(failed) + " failed";
}

std::chrono::milliseconds progress_line::period() const {
  return terminal_ ? std::chrono::milliseconds{200} : std::chrono::seconds{1};
}

void progress_line::show(const std::string& text) {
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", text.c_str());
}

void progress_line::clear() {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

}  // namespace loopscope::probe
