// SPDX-License-Identifier: MIT

#pragma once

#include <string_view>

#include "journal.hpp"

// Handlers that block on purpose, as real ones do by mistake. Each measures itself with the program's own clock.
namespace lab::app {

/// Uses that much CPU time, however long it takes.
void compute(milliseconds cpu);

/// Waits for another thread, "backend".
void ask_legacy_backend(milliseconds wait);

void back_off(milliseconds wait);

/// Runs the block that a target such as "/sleep?ms=100" names: for 300 ms where it names no time. Other targets do
/// nothing.
void run_block(std::string_view target);

}  // namespace lab::app
