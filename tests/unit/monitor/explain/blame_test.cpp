#include "server/monitor/explain/blame.hpp"

#include <gtest/gtest.h>

#include <string>
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

const stack_frame lambda{"app::start::{lambda}::operator()", "app/start.cpp", 9};
const stack_frame complete{"asio::detail::executor_op::do_complete", "/opt/asio/include/asio/detail/executor_op.hpp",
                           70};

TEST(blamed_frame, is_inside_the_loop_of_every_kind_of_asio) {
  for (const char* loop : {
           "asio::detail::scheduler::do_run_one",
           "asio::detail::scheduler::do_wait_one",
           "asio::detail::scheduler::poll",
           "asio::v1::detail::scheduler::run",
           "boost::asio::io_context::run_for",
           "asio::io_context::poll_one",
           "boost::asio::thread_pool::thread_function::operator()",
           "asio::thread_pool::thread_function::operator()",
           "loopscope::monitor::loop_monitor::run",
       }) {
    EXPECT_EQ(find_blamed_frame(frames{libc_write, invoke, {loop, "", 0}, main_frame}), std::nullopt) << loop;
    EXPECT_EQ(find_handler_frame(frames{libc_write, lambda, {loop, "", 0}, main_frame}), 1U) << loop;
  }
  // As Clang describes what it inlined at -g1.
  const stack_frame bare{"do_run_one", "/opt/include/asio/detail/impl/scheduler.ipp", 492};
  EXPECT_EQ(find_handler_frame(frames{lambda, bare, main_frame}), 0U);
  const stack_frame other{"asio::io_context::get_executor", "", 0};
  EXPECT_EQ(find_handler_frame(frames{lambda, other, main_frame}), std::nullopt);
}

TEST(blamed_frame, is_never_main_around_a_loop_that_is_not_known) {
  const stack_frame unknown_loop{"vendor::reactor::turn", "/usr/include/vendor.hpp", 1};
  EXPECT_EQ(find_blamed_frame(frames{invoke, complete, unknown_loop, main_frame}), std::nullopt);
  EXPECT_EQ(find_blamed_frame(frames{invoke, complete, unknown_loop, {"main", "", 0}}), std::nullopt);
  // A program that waits by itself and works in main().
  EXPECT_EQ(find_blamed_frame(frames{libc_write, main_frame}), 1U);
  EXPECT_EQ(find_blamed_frame(frames{libc_write, {"main", "", 0}}), 1U);
}

TEST(blamed_frame, is_found_below_a_loop_that_a_handler_runs) {
  // Something of the application runs in the inner loop.
  EXPECT_EQ(
      find_blamed_frame(frames{libc_write, write_all, run_one, run, serve, inlined_asio, run_one, run, main_frame}),
      1U);
  // The inner loop waits: who started it is to blame.
  EXPECT_EQ(find_blamed_frame(frames{libc_write, run_one, run, serve, inlined_asio, run_one, run, main_frame}), 3U);
  EXPECT_EQ(find_handler_frame(frames{libc_write, write_all, run_one, run, serve, lambda, run_one, run, main_frame}),
            5U);
}

TEST(blamed_frame, is_none_that_the_application_declares_to_be_library_code) {
  const stack_frame parse{"nlohmann::json::parse", "third_party/json/json.hpp", 7};
  const frames stack{parse, serve, run_one, run};
  EXPECT_EQ(find_blamed_frame(stack), 0U);
  EXPECT_EQ(find_blamed_frame(stack, std::vector<std::string>{"nlohmann::"}), 1U);
  EXPECT_EQ(find_blamed_frame(stack, std::vector<std::string>{"third_party/"}), 1U);
  EXPECT_EQ(find_blamed_frame(stack, std::vector<std::string>{"json/"}), 1U);
  EXPECT_EQ(find_blamed_frame(stack, std::vector<std::string>{"", "party/json", "json::"}), 0U);
  EXPECT_EQ(find_handler_frame(stack, std::vector<std::string>{"loopscope::routes"}), 0U);
}

TEST(blamed_frame, without_files_is_in_the_namespace_of_the_handler) {
  const stack_frame scan{"nlohmann::detail::lexer::scan", "", 0};
  const stack_frame load{"app::catalogue::load", "", 0};
  const stack_frame handler{"app::session::on_read", "", 0};
  EXPECT_EQ(find_blamed_frame(frames{scan, load, handler, {"boost::asio::detail::scheduler::run", "", 0}}), 1U);
  // Global functions.
  const stack_frame global{"recompute_everything", "", 0};
  const stack_frame in_main{"main::{lambda}::operator()", "", 0};
  EXPECT_EQ(find_blamed_frame(frames{scan, global, in_main, {"asio::io_context::run", "", 0}, {"main", "", 0}}), 1U);
}

TEST(handler_frame, is_not_what_destroys_a_handler_that_has_run) {
  const stack_frame captured{"app::buffer::~buffer", "app/buffer.cpp", 3};
  EXPECT_EQ(find_handler_frame(frames{captured, {"start::~{lambda}", "app/start.cpp", 9}, inlined_asio, run}),
            std::nullopt);
  EXPECT_EQ(find_handler_frame(frames{captured, serve, inlined_asio, run}), 1U);
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
