// SPDX-License-Identifier: MIT

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

const stack_frame js_write{"writeSync", "node:fs", 898, true};
const stack_frame js_user{"writeAll", "/srv/long.js", 3, true};
const stack_frame js_timers{"processTimers", "node:internal/timers", 504, true};
const stack_frame uv_write{"uv__fs_write", "", 0};
const stack_frame node_write{"node::fs::WriteBuffer", "", 0};
const stack_frame builtin{"Builtins_JSEntry", "", 0};
const stack_frame uv_run{"uv_run", "../deps/uv/src/unix/core.c", 465};
const stack_frame libc_sleep{"clock_nanosleep", "/usr/lib/x86_64-linux-gnu/libc.so.6", 0};

stack_frame native(const char* function) {
  return {function, "", 0};
}

TEST(blamed_frame, is_the_function_of_the_script) {
  EXPECT_EQ(find_blamed_frame(frames{libc_write, uv_write, node_write, js_write, js_user, js_timers, builtin, uv_run}),
            4U);
  EXPECT_EQ(find_handler_frame(frames{libc_write, js_write, js_user, js_timers, builtin, uv_run}), 2U);
}

TEST(blamed_frame, is_the_runtime_s_own_script_when_there_is_no_other) {
  EXPECT_EQ(find_blamed_frame(frames{libc_write, uv_write, node_write, js_write, js_timers, builtin, uv_run}), 3U);
  EXPECT_EQ(find_handler_frame(frames{libc_write, js_write, js_timers, builtin, uv_run}), std::nullopt);
}

TEST(blamed_frame, is_no_native_function_of_a_runtime) {
  EXPECT_EQ(find_blamed_frame(frames{node_write, {"v8::internal::Invoke", "", 0}, uv_run}), std::nullopt);
  EXPECT_EQ(find_blamed_frame(frames{libc_sleep, native("time_sleep"), native("_PyEval_EvalFrameDefault"),
                                     native("Py_RunMain"), main_frame}),
            std::nullopt);
}

TEST(blamed_frame, is_of_the_python_program_not_of_its_library) {
  const stack_frame library{"BaseEventLoop.run_forever", "/usr/lib/python3.12/asyncio/base_events.py", 0, true};
  const stack_frame installed{"get", "/usr/lib/python3/dist-packages/requests/api.py", 0, true};
  const stack_frame script{"work", "/srv/app.py", 0, true};
  const auto eval = native("_PyEval_EvalFrameDefault");
  EXPECT_EQ(find_blamed_frame(frames{libc_sleep, eval, script, eval, library, eval}), 2U);
  EXPECT_EQ(find_blamed_frame(frames{libc_sleep, eval, library, eval, script}), 4U);
  EXPECT_EQ(find_blamed_frame(frames{libc_sleep, eval, installed, eval, script}), 2U);
}

TEST(blamed_frame, is_the_innermost_function_inside_another_library_s_loop) {
  const stack_frame nameless{"", "/usr/bin/redis-server", 0};
  EXPECT_EQ(find_blamed_frame(
                frames{libc_sleep, native("debugCommand"), native("call"), nameless, native("aeMain"), native("main")}),
            1U);
  EXPECT_EQ(find_blamed_frame(frames{libc_sleep, nameless, native("aeMain"), native("main")}), std::nullopt);
  EXPECT_EQ(find_blamed_frame(frames{libc_sleep, nameless, native("ngx_process_events_and_timers"), nameless,
                                     native("ngx_spawn_process"), native("ngx_master_process_cycle"), native("main")}),
            std::nullopt);
}

TEST(blamed_frame, is_not_outside_of_the_function_that_is_marked_as_the_loop) {
  stack_frame loop = native("app::loop");
  loop.is_loop = true;
  EXPECT_EQ(find_blamed_frame(frames{libc_sleep, loop, native("app::run"), native("main")}), std::nullopt);
  EXPECT_EQ(find_blamed_frame(frames{libc_sleep, native("app::save"), loop, native("app::run"), native("main")}), 1U);
  EXPECT_TRUE(is_inside_loop_only(frames{libc_sleep, loop, native("main")}));
  EXPECT_FALSE(is_inside_loop_only(frames{libc_sleep, native("app::save"), loop, native("main")}));
  EXPECT_FALSE(is_inside_loop_only(frames{libc_sleep, native("main")}));
}

TEST(blamed_frame, is_the_file_of_a_program_without_names) {
  const stack_frame nameless{"", "/opt/x", 0};
  EXPECT_EQ(find_blamed_frame(frames{libc_sleep, nameless, nameless, libc_sleep}), 1U);
}

}  // namespace
}  // namespace loopscope::monitor
