// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>

#include "journal.hpp"
#include "loopscope/monitor/options.hpp"
#include "loopscope/monitor/snapshot.hpp"

namespace lab {

/// The value of an argument such as "threads=4".
std::string argument(int argc, char** argv, std::string_view name, std::string otherwise);

loopscope::monitor::options settings(std::string name);

/// Prints where a server listens, for the harness.
void print_port(unsigned port);

/// Prints that a program without a port can be given work.
void print_ready();

void print_end(const loopscope::monitor::snapshot& figures);

/// Waits until the monitor has found all threads of a loop that runs itself: it has not seen what they do before.
template <class Watch>
void wait_until_known(const Watch& watch, std::size_t threads) {
  while (watch.snapshot().threads < threads) std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

/// Prints what is left when the loop has ended, with the monitor's own counts.
template <class Watch>
void finish(Watch& watch) {
  journal::get().flush();
  print_end(watch.snapshot());
}

}  // namespace lab
