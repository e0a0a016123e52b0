// SPDX-License-Identifier: MIT

#include "tests/unit/monitor/explain/call_chain.hpp"

#include <unistd.h>

#include <array>

namespace app::CALL_CHAIN {
namespace {

// Written after the calls, so that none is a tail call.
volatile int returned = 0;

// Return addresses of an earlier call stay on the stack, below the frame that inner() uses later.
__attribute__((noinline)) void leave_old_words(int depth) {
  std::array<volatile int, 64> words;
  for (volatile int& word : words) word = depth;
  if (depth > 0) leave_old_words(depth - 1);
  returned = words[0];
}

}  // namespace

__attribute__((noinline)) void read_byte(int fd) {
  std::array<volatile char, 2000> unwritten;
  char byte = 0;
  unwritten[0] = static_cast<char>(::read(fd, &byte, 1));
  returned = unwritten[0];
}

__attribute__((noinline)) void inner(void (*block)(int), int argument) {
  std::array<volatile char, 2000> unwritten;
  unwritten[0] = 0;
  block(argument);
  returned = unwritten[0];
}

__attribute__((noinline)) void middle(void (*callee)(void (*)(int), int), void (*block)(int), int argument) {
  leave_old_words(30);
  callee(block, argument);
  returned = 2;
}

__attribute__((noinline)) void outer(void (*block)(int), int argument) {
  middle(&inner, block, argument);
  returned = 3;
}

}  // namespace app::CALL_CHAIN
