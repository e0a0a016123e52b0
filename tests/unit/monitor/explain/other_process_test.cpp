// SPDX-License-Identifier: MIT

// What the explainer says of threads of other processes.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "server/monitor/explain/blame.hpp"
#include "server/monitor/explain/process_memory.hpp"
#include "tests/unit/monitor/build_kind.hpp"
#include "tests/unit/monitor/explain/ask.hpp"
#include "tests/unit/monitor/explain/blocked_thread.hpp"
#include "tests/unit/monitor/explain/call_chain.hpp"
#include "tests/unit/monitor/explain/child_process.hpp"

namespace app {

using loopscope::monitor::testing::shared_words;

shared_words* words = nullptr;
std::array<int, 2> ends{};

__attribute__((noinline)) void compute() {
  words->ready = true;
  for (;;) ++words->turns;
}

__attribute__((noinline)) void sleep_in_read() {
  char byte = 0;
  words->ready = true;
  while (::read(ends[0], &byte, 1) != 1) continue;
  ++words->turns;
}

#if defined(__x86_64__)
/// Stays in its epilogue for ever. As those that GCC makes, it says where its caller's frame pointer was saved,
/// although that is below the stack pointer by then.
extern "C" void spin_in_epilogue(int);
asm(R"(
  .text
  .globl spin_in_epilogue
  .hidden spin_in_epilogue
  .type spin_in_epilogue, @function
spin_in_epilogue:
  .cfi_startproc
  push %rbp
  .cfi_def_cfa_offset 16
  .cfi_offset %rbp, -16
  mov %rsp, %rbp
  .cfi_def_cfa_register %rbp
  pop %rbp
  .cfi_def_cfa %rsp, 8
0:
  pause
  jmp 0b
  .cfi_endproc
  .size spin_in_epilogue, .-spin_in_epilogue
)");
#endif

std::mutex mutex;

__attribute__((noinline)) void wait_for_mutex() {
  mutex.lock();
  ++words->turns;
}

std::condition_variable changed;
std::uintptr_t loop_address = 0;

__attribute__((noinline)) void wait_for_events() {
  loop_address = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
}

/// A loop that either waits itself or calls something that does.
__attribute__((noinline)) void nameless_loop(void (*handler)(std::unique_lock<std::mutex>&)) {
  std::unique_lock lock(mutex);
  wait_for_events();
  if (handler) handler(lock);
  words->ready = true;
  changed.wait(lock);
  ++words->turns;
}

__attribute__((noinline)) void handler_that_waits(std::unique_lock<std::mutex>& lock) {
  words->ready = true;
  changed.wait(lock);
  ++words->turns;
}

}  // namespace app

namespace loopscope::monitor::testing {
namespace {

explanation explain_running(const watched_thread& thread) {
  return ask({.thread = thread, .interrupt = true, .source_root = LOOPSCOPE_SOURCE_ROOT});
}

template <class Function>
auto in_child(Function f) {
  return [f](shared_words& words) {
    app::words = &words;
    f();
  };
}

explanation explain_asleep(const child_process& child, std::initializer_list<long> calls) {
  child.wait_until_ready();
  blocked_thread::wait_until_asleep(child.main_thread(), calls);
  return explain_running(child.main_thread());
}

std::string blamed_function(const explanation& found) {
  const auto blamed = find_blamed_frame(found.stack);
  return blamed ? found.stack[*blamed].function : "";
}

TEST(other_process, has_the_stack_of_its_running_thread) {
  const child_process child(in_child(app::compute));
  child.wait_until_ready();
  const auto found = explain_running(child.main_thread());
  EXPECT_TRUE(has_function(found.stack, "app::compute")) << functions_of(found.stack) << found.no_stack_reason;
  EXPECT_TRUE(has_function(found.stack, "main")) << functions_of(found.stack);
  EXPECT_FALSE(found.call);
  EXPECT_TRUE(child.goes_on());
}

#if defined(__x86_64__)
TEST(other_process, has_the_whole_stack_of_a_thread_in_an_epilogue) {
  const child_process child(in_child([] { app::with_frame_pointer::outer(&app::spin_in_epilogue, 0); }));
  explanation found;
  do {
    found = explain_running(child.main_thread());
  } while (!has_function(found.stack, "spin_in_epilogue"));
  EXPECT_TRUE(has_function(found.stack, "app::with_frame_pointer::inner")) << functions_of(found.stack);
  EXPECT_TRUE(has_function(found.stack, "app::with_frame_pointer::outer")) << functions_of(found.stack);
  EXPECT_TRUE(has_function(found.stack, "main")) << functions_of(found.stack);
}
#endif

TEST(other_process, is_not_stopped_without_leave) {
  const child_process child(in_child(app::compute));
  child.wait_until_ready();
  const auto found = ask({.thread = child.main_thread()});
  EXPECT_TRUE(found.moved);
  EXPECT_TRUE(found.stack.empty());
}

TEST(other_process, is_named_again_in_milliseconds) {
  const child_process child(in_child(app::compute));
  child.wait_until_ready();
  const auto timed = [&] {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(explain_running(child.main_thread()).stack.empty());
    return std::chrono::steady_clock::now() - begin;
  };
  const auto first = timed();
  auto later = timed();
  for (int i = 0; i < 10; ++i) later = std::min(later, timed());
  EXPECT_LT(later, first);
}

TEST(other_process, has_ended) {
  child_process child(in_child(app::compute));
  const auto thread = child.main_thread();
  child.kill_and_wait();
  EXPECT_EQ(explain_running(thread).no_stack_reason, "the thread has ended");
}

TEST(other_process, sleeps_in_a_call_on_a_socket) {
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, app::ends.data()), 0);
  const child_process child(in_child(app::sleep_in_read));
  const auto found = explain_asleep(child, {SYS_read});
  ASSERT_TRUE(found.call);
  EXPECT_EQ(found.call->name, "read");
  EXPECT_EQ(found.call->fd, app::ends[0]);
  EXPECT_TRUE(found.call->path.starts_with("socket:[")) << found.call->path;
  EXPECT_NE(found.call->peer, "");
  EXPECT_TRUE(has_function(found.stack, "app::sleep_in_read")) << functions_of(found.stack);
  for (const int end : app::ends) ::close(end);
}

TEST(other_process, has_a_thread_that_holds_a_mutex) {
  ASSERT_EQ(::pipe(app::ends.data()), 0);
  const child_process child(in_child([] {
    std::thread holder([] {
      const std::lock_guard lock(app::mutex);
      app::sleep_in_read();
    });
    while (!app::words->ready) std::this_thread::yield();
    app::wait_for_mutex();
  }));
  const auto found = explain_asleep(child, {SYS_futex});
  EXPECT_EQ(found.lock, lock_kind::mutex);
  ASSERT_TRUE(found.holder);
  EXPECT_TRUE(has_function(found.holder->stack, "app::sleep_in_read")) << functions_of(found.holder->stack);
  ASSERT_TRUE(found.holder->call);
  EXPECT_EQ(found.holder->call->name, "read");
  for (const int end : app::ends) ::close(end);
}

explanation explain_loop_wait(void (*handler)(std::unique_lock<std::mutex>&)) {
  // The child puts the address into its own memory, where the parent has the same code.
  const child_process child(in_child([handler] {
    app::words->turns = 0;
    app::nameless_loop(handler);
  }));
  child.wait_until_ready();
  const auto address = process_memory(child.main_thread().pid)
                           .blocking_read<std::uintptr_t>(reinterpret_cast<std::uintptr_t>(&app::loop_address));
  const auto asleep = blocked_thread::wait_until_asleep(child.main_thread(), {SYS_futex});
  return ask({.thread = child.main_thread(), .asleep_in = asleep.call, .loop_address = address.value_or(0)});
}

TEST(loop_wait, is_that_of_the_function_at_the_address_of_the_loop) {
  if (with_thread_sanitizer) GTEST_SKIP() << "its own functions wait in place of those of libc";
  const auto found = explain_loop_wait(nullptr);
  EXPECT_TRUE(found.in_loop_wait) << functions_of(found.stack);
  EXPECT_EQ(find_blamed_frame(found.stack), std::nullopt);
}

TEST(loop_wait, is_not_that_of_a_handler) {
  const auto found = explain_loop_wait(&app::handler_that_waits);
  EXPECT_FALSE(found.in_loop_wait) << functions_of(found.stack);
  EXPECT_EQ(blamed_function(found), "app::handler_that_waits");
}

TEST(loop_wait, is_that_of_an_asio_thread_that_waits_for_work) {
  if (with_thread_sanitizer) GTEST_SKIP() << "its own functions wait in place of those of libc";
  const child_process child(in_child([] {
    boost::asio::io_context io;
    const auto work = boost::asio::make_work_guard(io);
    std::thread other([&] { io.run(); });
    app::words->ready = true;
    io.run();
  }));
  child.wait_until_ready();
  // Without anything to wait for in the kernel, both wait for work.
  std::vector<explanation> found;
  wait_until("both threads wait", [&] {
    found.clear();
    for (const auto& entry : std::filesystem::directory_iterator(child.main_thread().folder() + "/..")) {
      const watched_thread thread{child.main_thread().pid, std::stoi(entry.path().filename())};
      const auto state = read_sleep_state(thread);
      if (state && state->call.number == SYS_futex) found.push_back(ask({.thread = thread}));
    }
    return found.size() == 2;
  });
  for (const auto& each : found) EXPECT_TRUE(each.in_loop_wait) << functions_of(each.stack);
}

#if defined(__x86_64__)
/// Code that is made while the program runs, with names for perf.
class made_code {
 public:
  explicit made_code(std::span<const unsigned char> code, const std::string& name)
      : memory_(::mmap(nullptr, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    std::memcpy(begin(), code.data(), code.size());
    std::ofstream(path(), std::ios::app) << std::hex << reinterpret_cast<std::uintptr_t>(begin()) << ' ' << code.size()
                                         << ' ' << name << std::endl;
  }
  /// Passes its arguments on.
  template <class... Arguments>
  void operator()(Arguments... arguments) const {
    reinterpret_cast<void (*)(Arguments...)>(begin())(arguments...);
  }
  static std::string path() { return "/tmp/perf-" + std::to_string(::getpid()) + ".map"; }

 private:
  static constexpr std::size_t size = 4096;
  static constexpr std::size_t offset = 64;

  void* begin() const { return static_cast<char*>(memory_) + offset; }

  void* memory_;
};

// push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret
constexpr std::array<unsigned char, 8> calls_a_function{0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
// push %rbp; mov %rsp,%rbp; xor %eax,%eax; syscall; pop %rbp; ret: read(2), with nothing that saves the frame pointer
constexpr std::array<unsigned char, 10> reads{0x55, 0x48, 0x89, 0xe5, 0x31, 0xc0, 0x0f, 0x05, 0x5d, 0xc3};
// sub $8,%rsp; call *%rdi; add $8,%rsp; ret
constexpr std::array<unsigned char, 11> trampoline{0x48, 0x83, 0xec, 0x08, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x08, 0xc3};

class made_code_test : public ::testing::Test {
 protected:
  ~made_code_test() override {
    if (child_) std::filesystem::remove("/tmp/perf-" + std::to_string(child_->main_thread().pid) + ".map");
  }
  template <class Function>
  const child_process& start(Function f) {
    child_.emplace(in_child(f));
    return *child_;
  }
  void expect_script(const explanation& found, const std::string& file, int line) {
    const auto blamed = find_blamed_frame(found.stack);
    ASSERT_TRUE(blamed) << functions_of(found.stack) << found.no_stack_reason;
    EXPECT_EQ(found.stack[*blamed].function, "work") << functions_of(found.stack);
    EXPECT_EQ(found.stack[*blamed].file, file);
    EXPECT_EQ(found.stack[*blamed].line, line);
    EXPECT_TRUE(has_function(found.stack, "main")) << functions_of(found.stack);
  }

  std::optional<child_process> child_;
};

TEST_F(made_code_test, is_named_and_left_by_its_frame_pointer) {
  const auto& child = start([] { made_code(calls_a_function, "JS:*work /srv/a.js:3:18")(&app::compute); });
  child.wait_until_ready();
  const auto found = explain_running(child.main_thread());
  EXPECT_TRUE(has_function(found.stack, "app::compute")) << functions_of(found.stack) << found.no_stack_reason;
  expect_script(found, "/srv/a.js", 3);
}

TEST_F(made_code_test, is_left_when_its_thread_sleeps) {
  ASSERT_EQ(::pipe(app::ends.data()), 0);
  expect_script(
      explain_asleep(start([] { made_code(calls_a_function, "JS:*work /srv/a.js:3:18")(&app::sleep_in_read); }),
                     {SYS_read}),
      "/srv/a.js", 3);
  for (const int end : app::ends) ::close(end);
}

TEST_F(made_code_test, is_left_when_only_the_kernel_knows_the_frame_pointer) {
  ASSERT_EQ(::pipe(app::ends.data()), 0);
  expect_script(explain_asleep(start([] {
                                 static char byte;
                                 const made_code work(reads, "JS:*work /srv/a.js:3:18");
                                 app::words->ready = true;
                                 work(app::ends[0], &byte, std::size_t{1});
                               }),
                               {SYS_read}),
                "/srv/a.js", 3);
  for (const int end : app::ends) ::close(end);
}

TEST_F(made_code_test, may_be_a_trampoline_without_frame_pointer) {
  const auto& child = start([] { made_code(trampoline, "py::work:/srv/app.py")(&app::compute); });
  child.wait_until_ready();
  expect_script(explain_running(child.main_thread()), "/srv/app.py", 0);
}
#endif

TEST(node, is_blamed_by_the_line_of_its_script) {
  const std::string node = "/usr/bin/node";
  if (::access(node.c_str(), X_OK) != 0) GTEST_SKIP() << node << " is not installed";
  const auto folder = std::filesystem::temp_directory_path() / ("loop-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const auto script = folder / "busy.js";
  std::ofstream(script) << "\nfunction busy() { for (let i = 0; ; ++i) Math.sqrt(i); }\nsetTimeout(busy, 1);\n";
  {
    const child_process child([&](shared_words&) {
      if (::chdir(folder.c_str()) != 0) return;  // V8 writes a log into its folder
      ::execl(node.c_str(), "node", "--perf-basic-prof", "--interpreted-frames-native-stack", script.c_str(), nullptr);
    });
    explanation found;
    wait_until("the script runs", [&] {
      found = explain_running(child.main_thread());
      return blamed_function(found) == "busy";
    });
    const auto& frame = found.stack[*find_blamed_frame(found.stack)];
    EXPECT_EQ(frame.file, script);
    EXPECT_EQ(frame.line, 2);
    EXPECT_TRUE(has_function(found.stack, "uv_run")) << functions_of(found.stack);
    EXPECT_TRUE(has_function(found.stack, "_start")) << functions_of(found.stack);
    std::filesystem::remove("/tmp/perf-" + std::to_string(child.main_thread().pid) + ".map");
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace loopscope::monitor::testing
