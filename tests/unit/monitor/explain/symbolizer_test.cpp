// SPDX-License-Identifier: MIT

#include "server/monitor/explain/symbolizer.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>

#include "server/monitor/explain/function_name.hpp"
#include "server/monitor/explain/loaded_module.hpp"
#include "tests/unit/monitor/build_kind.hpp"

namespace app {

// What follows is on lines that the tests know.
[[gnu::noinline]] const void* caller() {
  return __builtin_return_address(0);
}
constexpr int line_of_call = __LINE__ + 2;
[[gnu::always_inline]] inline const void* inlined() {
  const void* const here = caller();
  asm volatile("");
  return here;
}
constexpr int line_of_inlining = __LINE__ + 2;
[[gnu::noinline]] const void* compiled() {
  const void* const there = inlined();
  asm volatile("");
  return there;
}

}  // namespace app

namespace loopscope::monitor::testing {
namespace {

// The first address of a stack is where the thread was, so not one to return to.
raw_stack at_call_before(const void* return_address) {
  raw_stack stack;
  stack.addresses = {static_cast<const char*>(return_address) - 1};
  return stack;
}

TEST(symbolizer, names_an_inlined_function_and_the_one_it_is_inlined_into) {
  const symbolizer names(LOOPSCOPE_SOURCE_ROOT);
  const auto frames = names.blocking_frames(at_call_before(app::compiled()));
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].function, "app::inlined");
  EXPECT_EQ(frames[0].file, "tests/unit/monitor/explain/symbolizer_test.cpp");
  EXPECT_EQ(frames[0].line, app::line_of_call);
  EXPECT_EQ(frames[1].function, "app::compiled");
  EXPECT_EQ(frames[1].file, "tests/unit/monitor/explain/symbolizer_test.cpp");
  EXPECT_EQ(frames[1].line, app::line_of_inlining);
}

TEST(symbolizer, names_the_library_instead_of_its_source) {
  const symbolizer names(LOOPSCOPE_SOURCE_ROOT);
  const auto frames = names.blocking_frames(at_call_before(reinterpret_cast<const char*>(&::malloc_trim) + 1));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_FALSE(frames[0].file.empty());
  EXPECT_EQ(frames[0].line, 0);
}

TEST(symbolizer, has_an_empty_frame_for_an_address_of_no_code) {
  const symbolizer names(LOOPSCOPE_SOURCE_ROOT);
  const std::array<char, 2> no_code{};
  const auto frames = names.blocking_frames(at_call_before(&no_code[1]));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].function, "");
  EXPECT_EQ(frames[0].file, "");
}

TEST(symbolizer, names_code_of_another_process_as_its_own) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const symbolizer names(LOOPSCOPE_SOURCE_ROOT, child);
  EXPECT_EQ(names.blocking_obstacle(), "");
  const auto frames = names.blocking_frames(at_call_before(app::compiled()));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].function, "app::inlined");
  EXPECT_EQ(frames[1].line, app::line_of_inlining);
}

TEST(symbolizer, says_why_a_process_that_has_ended_has_no_names) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  const symbolizer names(LOOPSCOPE_SOURCE_ROOT, child);
  EXPECT_NE(names.blocking_obstacle().find("/maps cannot be read"), std::string::npos);
  EXPECT_EQ(names.blocking_frames(at_call_before(app::compiled())).at(0).function, "");
}

TEST(symbolizer, is_used_by_a_child_of_fork_whose_parent_held_the_lock) {
  if (testing::with_address_sanitizer || testing::with_thread_sanitizer)
    GTEST_SKIP() << "a sanitizer's allocator may be locked in the child";
  const symbolizer names(LOOPSCOPE_SOURCE_ROOT);
  std::atomic<bool> stop{false};
  std::thread asking([&] {
    while (!stop) names.blocking_frames(at_call_before(app::compiled()));
  });
  int failed = 0;
  for (int i = 0; i < 10; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(20);
      ::_exit(names.blocking_frames(at_call_before(app::compiled())).size() == 2 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    failed += status != 0;
  }
  stop = true;
  asking.join();
  EXPECT_EQ(failed, 0);
}

TEST(loaded_modules, are_the_files_with_code) {
  const auto modules = parse_modules(
      "400000-401000 r--p 00000000 08:01 7 /bin/app\n"
      "401000-402000 r-xp 00001000 08:01 7 /bin/app\n"
      "402000-403000 rw-p 00002000 08:01 7 /bin/app\n"
      "403000-404000 rw-p 00000000 00:00 0 [heap]\n"
      "500000-501000 r--p 00000000 08:01 8 /usr/share/data file\n"
      "600000-601000 r-xp 00000000 08:01 9 /opt/a plug-in.so (deleted)\n"
      "601000-602000 r-xp 00000000 08:01 9 /opt/a plug-in.so (deleted)\n"
      "700000-701000 r-xp 00000000 00:00 0 [vdso]\n"
      "800000-801000 r-xp 00000000 00:00 0 \n",
      4711);
  ASSERT_EQ(modules.size(), 4U);
  EXPECT_EQ(modules[0].path, "/bin/app");
  EXPECT_EQ(modules[0].begin, 0x400000U);
  EXPECT_EQ(modules[0].first_end, 0x401000U);
  EXPECT_EQ(modules[0].end, 0x403000U);
  EXPECT_EQ(modules[1].path, "/opt/a plug-in.so");
  EXPECT_EQ(modules[1].end, 0x601000U);
  EXPECT_EQ(modules[2].begin, 0x601000U);  // the same file, loaded twice
  EXPECT_EQ(modules[3].path, "[vdso]");
}

TEST(symbolizer, gives_back_what_it_read) {
  if (testing::with_address_sanitizer || testing::with_thread_sanitizer)
    GTEST_SKIP() << "a sanitizer's allocator does not count";
  const auto used = [] {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const symbolizer names(LOOPSCOPE_SOURCE_ROOT);
  names.release_unused(std::chrono::nanoseconds{0});
  const auto before = used();
  const auto* code = reinterpret_cast<const char*>(&tidy_function);
  constexpr std::size_t looked_up = 100;
  for (std::size_t i = 0; i < looked_up; ++i) names.blocking_frames(at_call_before(code + i));
  names.release_unused(std::chrono::hours{1});
  EXPECT_GT(used() - before, std::size_t{100'000});
  names.release_unused(std::chrono::nanoseconds{0});
  // The names are kept: some hundred bytes each.
  EXPECT_LT(used() - before, looked_up * 4096);
}

}  // namespace
}  // namespace loopscope::monitor::testing
