// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>

namespace app {

/// Code that a stall is to be blamed on, in a namespace of its own as an application's would be. Not inlined,
/// so that the expected function is the same in every build.

/// Computes until its thread has used that much CPU time.
void blocking_spin(std::chrono::milliseconds cpu);
/// Computes until the time has come.
void blocking_spin_until(std::chrono::steady_clock::time_point end);
/// Computes until the time has come, below 500 calls of deep::down().
void blocking_recursion(std::chrono::steady_clock::time_point end);
/// Sleeps in clock_nanosleep(2) until the time has come.
void blocking_sleep_until(std::chrono::steady_clock::time_point end);
/// Sleeps in read(2) until there is something to read.
void blocking_read(int fd);
/// Sleeps in fsync(2); returns for how long.
std::chrono::nanoseconds blocking_fsync(int fd);
/// Spins in a destructor that runs because of an exception.
void blocking_during_an_exception(std::chrono::milliseconds cpu);

}  // namespace app
