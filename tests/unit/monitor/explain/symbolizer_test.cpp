#include "server/monitor/explain/symbolizer.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <cstddef>

#include "server/monitor/explain/function_name.hpp"

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

TEST(symbolizer, gives_back_what_it_read) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's allocator does not count";
#else
  const auto used = [] {
    const auto info = ::mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const symbolizer names(LOOPSCOPE_SOURCE_ROOT);
  const auto before = used();
  const auto* code = reinterpret_cast<const char*>(&tidy_function);
  constexpr std::size_t looked_up = 100;
  for (std::size_t i = 0; i < looked_up; ++i) names.blocking_frames(at_call_before(code + i));
  // The names are kept: some hundred bytes each.
  EXPECT_LT(used() - before, looked_up * 4096);
#endif
}

}  // namespace
}  // namespace loopscope::monitor::testing
