// SPDX-License-Identifier: MIT

#pragma once

#include <csignal>
#include <string>
#include <string_view>
#include <thread>

#include "journal.hpp"
#include "loopscope/monitor/options.hpp"

namespace lab {

/// The value of an argument such as "threads=4".
inline std::string argument(int argc, char** argv, std::string_view name, std::string otherwise) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = argv[i];
    if (text.starts_with(name) && text.substr(name.size()).starts_with('=')) return argv[i] + name.size() + 1;
  }
  return otherwise;
}

inline loopscope::monitor::options settings(std::string name) {
  loopscope::monitor::options out;
  out.name = std::move(name);
  out.reports_per_minute = 1'000'000;
  out.on_stall = [](const loopscope::monitor::stall_record& r) {
    journal::get().add({{"report", {{"at_ns", ns_of(std::chrono::steady_clock::now())}, {"sentence", r.sentence}}}});
  };
  return out;
}

/// Prints where a server listens, for the harness.
inline void print_port(unsigned port) {
  journal::get().add({{"port", port}});
}

/// Waits until the monitor has found all threads of a loop that runs itself: it has not seen what they do before.
template <class Watch>
void wait_until_known(const Watch& watch, std::size_t threads) {
  while (watch.snapshot().threads < threads) std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

/// Prints what is left when the loop has ended, with the monitor's own counts.
template <class Watch>
void finish(Watch& watch) {
  journal::get().flush();
  const auto figures = watch.snapshot();
  journal::get().add({{"end", {{"stalls", figures.total.stalls}, {"callback_errors", figures.callback_errors}}}});
  journal::get().print(true);
}

}  // namespace lab
