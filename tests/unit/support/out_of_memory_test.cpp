// SPDX-License-Identifier: MIT

#include "server/support/out_of_memory.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <barrier>
#include <new>
#include <thread>

#include "server/support/program.hpp"

namespace loopscope {
namespace {

[[noreturn]] void run_out_of_memory_on_two_threads() {
  end_process_when_out_of_memory();
  const std::new_handler handler = std::get_new_handler();
  std::barrier at_once{2};
  const auto fail = [&] {
    at_once.arrive_and_wait();
    handler();
  };
  const std::thread other{fail};
  fail();
  ::_exit(0);
}

TEST(out_of_memory, is_told_by_one_thread_when_two_fail_at_once) {
  // ThreadSanitizer needs a second for each.
  for (int i = 0; i < 20; ++i) {
    EXPECT_EXIT(run_out_of_memory_on_two_threads(), ::testing::ExitedWithCode(exit_could_not_run),
                "^[^\n]*: out of memory: an allocation failed, so the process ends\n$");
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace loopscope
