#include "server/monitor/explain/blame.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace loopscope::monitor {
namespace {

using frames = std::vector<stack_frame>;

const stack_frame libc_write{"__GI___libc_write", "/lib/x86_64-linux-gnu/libc.so.6", 0};
const stack_frame write_all{"loopscope::writers::blocking_write_all", "writers/sync.cpp", 31};
const stack_frame serve{"loopscope::routes::serve_write", "server/routes/write.cpp", 80};
const stack_frame invoke{"std::__invoke_impl", "/usr/include/c++/12/bits/invoke.h", 61};
const stack_frame inlined_asio{"invoke", "/usr/include/boost/asio/detail/handler_invoke_helpers.hpp", 54};
const stack_frame run_one{"boost::asio::detail::scheduler::do_run_one",
                          "/usr/include/boost/asio/detail/impl/scheduler.ipp", 492};
const stack_frame run{"boost::asio::detail::scheduler::run", "/usr/include/boost/asio/detail/impl/scheduler.ipp", 210};
const stack_frame main_frame{"main", "server/app/main.cpp", 12};

TEST(blamed_frame, is_the_innermost_frame_of_the_application) {
  EXPECT_EQ(find_blamed_frame(frames{libc_write, write_all, serve, inlined_asio, run_one, run, main_frame}), 1U);
  EXPECT_EQ(find_blamed_frame(frames{write_all, run_one}), 0U);
}

TEST(blamed_frame, is_never_a_library_however_deep) {
  const stack_frame boost_function{"boost::histogram::detail::fill", "", 0};
  const stack_frame vendored{"fill", "/opt/deps/include/boost/histogram/fill.hpp", 3};
  const stack_frame vdso{"vdso", "[vdso]", 0};
  const stack_frame wrapper{"loopscope::monitor::detail::attributed_function::operator()",
                            "server/monitor/attributed_executor.hpp", 40};
  EXPECT_EQ(find_blamed_frame(frames{vdso, boost_function, vendored, invoke, wrapper, serve, run_one}), 5U);
}

TEST(blamed_frame, is_not_the_code_that_called_run) {
  EXPECT_EQ(find_blamed_frame(frames{libc_write, inlined_asio, run_one, run, main_frame}), std::nullopt);
}

TEST(blamed_frame, is_found_by_name_where_there_is_no_debug_information) {
  const stack_frame stripped_library{"std::this_thread::sleep_for", "", 0};
  const stack_frame nameless{"", "", 0};
  const stack_frame stripped{"app::save", "", 0};
  EXPECT_EQ(find_blamed_frame(frames{libc_write, stripped_library, nameless, stripped, run_one}), 3U);
}

TEST(blamed_frame, prefers_a_frame_with_a_file_to_one_without) {
  EXPECT_EQ(find_blamed_frame(frames{{"memcpy_avx", "", 0}, write_all, run_one}), 1U);
}

TEST(handler_frame, is_the_outermost_frame_of_the_application_within_the_loop) {
  EXPECT_EQ(find_handler_frame(frames{libc_write, write_all, serve, inlined_asio, run_one, run, main_frame}), 2U);
}

TEST(handler_frame, is_unknown_in_a_stack_that_does_not_reach_the_loop) {
  EXPECT_EQ(find_handler_frame(frames{libc_write, write_all, serve}), std::nullopt);
}

TEST(stack_fingerprint, ignores_lines_and_libraries) {
  auto later = write_all;
  later.line = 40;
  EXPECT_EQ(stack_fingerprint(frames{libc_write, write_all, serve, run_one}),
            stack_fingerprint(frames{invoke, later, serve, run_one, run}));
}

TEST(stack_fingerprint, tells_functions_and_callers_apart) {
  EXPECT_NE(stack_fingerprint(frames{write_all, serve, run_one}), stack_fingerprint(frames{write_all, run_one}));
  EXPECT_NE(stack_fingerprint(frames{write_all, serve, run_one}), stack_fingerprint(frames{serve, write_all, run_one}));
}

}  // namespace
}  // namespace loopscope::monitor
