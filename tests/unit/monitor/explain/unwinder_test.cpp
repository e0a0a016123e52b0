// SPDX-License-Identifier: MIT

#include "server/monitor/explain/unwinder.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <tuple>

#include "server/monitor/explain/symbolizer.hpp"
#include "tests/unit/monitor/blockers.hpp"
#include "tests/unit/monitor/explain/blocked_thread.hpp"
#include "tests/unit/monitor/explain/call_chain.hpp"

namespace app {

volatile int result = 0;

__attribute__((noinline)) void read_byte(int fd) {
  char byte = 0;
  result = static_cast<int>(::read(fd, &byte, 1));
}

__attribute__((noinline)) int sleep_in_usleep() {
  result = ::usleep(300'000);
  return result;
}

__attribute__((noinline)) int sleep_in_poll() {
  result = ::poll(nullptr, 0, 300);
  return result;
}

__attribute__((noinline)) int sleep_in_select() {
  timeval timeout{0, 300'000};
  result = ::select(0, nullptr, nullptr, nullptr, &timeout);
  return result;
}

__attribute__((noinline)) int sleep_in_recv() {
  std::array<int, 2> ends{};
  static_cast<void>(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()));
  const timeval timeout{0, 300'000};
  ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  char byte = 0;
  const auto size = ::recv(ends[0], &byte, 1, 0);
  result = size < 0 && errno == EAGAIN ? 0 : -1;
  ::close(ends[0]);
  ::close(ends[1]);
  return result;
}

__attribute__((noinline)) int sleep_in_sem_timedwait() {
  sem_t semaphore;
  ::sem_init(&semaphore, 0, 0);
  timespec until{};
  ::clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 300'000'000;
  until.tv_sec += until.tv_nsec / 1'000'000'000;
  until.tv_nsec %= 1'000'000'000;
  const int failed = ::sem_timedwait(&semaphore, &until);
  result = failed != 0 && errno == ETIMEDOUT ? 0 : -1;
  return result;
}

}  // namespace app

namespace loopscope::monitor::testing {
namespace {

using std::chrono::milliseconds;
using steady = std::chrono::steady_clock;

std::vector<stack_frame> names(const raw_stack& stack) {
  return symbolizer(LOOPSCOPE_SOURCE_ROOT).blocking_frames(stack);
}

class pipe_ends {
 public:
  pipe_ends() {
    if (::pipe(fds_.data()) != 0) throw std::runtime_error("pipe");
  }
  ~pipe_ends() {
    ::close(fds_[0]);
    ::close(fds_[1]);
  }
  int reader() const { return fds_[0]; }
  void wake() const { ASSERT_EQ(::write(fds_[1], "x", 1), 1); }

 private:
  std::array<int, 2> fds_{};
};

struct timed_call {
  const char* name;
  const char* function;
  int (*sleep)();
};

void PrintTo(const timed_call& c, std::ostream* out) {
  *out << c.name;
}

class timed_calls : public ::testing::TestWithParam<timed_call> {};

TEST_P(timed_calls, last_their_time_while_their_stack_is_read) {
  unwinder from_outside(::getpid());
  std::atomic<int> result{-1};
  steady::duration lasted{};
  blocked_thread sleeper([&] {
    const auto begin = steady::now();
    result = GetParam().sleep();
    lasted = steady::now() - begin;
  });
  std::size_t stacks = 0;
  while (!sleeper.has_returned()) {
    const auto copy = copy_sleeping_stack(sleeper.id());
    if (!copy) continue;
    const auto stack = names(from_outside.blocking_unwind(*copy).stack);
    if (copy->state.call.number == SYS_futex && !has_function(stack, GetParam().function))
      continue;  // before or after it
    EXPECT_TRUE(has_function(stack, GetParam().function)) << functions_of(stack);
    ++stacks;
  }
  EXPECT_GE(stacks, 1U);
  EXPECT_EQ(result.load(), 0) << "interrupted";
  EXPECT_GE(lasted, milliseconds{300});
}

INSTANTIATE_TEST_SUITE_P(unwinder, timed_calls,
                         ::testing::Values(timed_call{"usleep", "app::sleep_in_usleep", &app::sleep_in_usleep},
                                           timed_call{"poll", "app::sleep_in_poll", &app::sleep_in_poll},
                                           timed_call{"select", "app::sleep_in_select", &app::sleep_in_select},
                                           timed_call{"recv", "app::sleep_in_recv", &app::sleep_in_recv},
                                           timed_call{"sem_timedwait", "app::sleep_in_sem_timedwait",
                                                      &app::sleep_in_sem_timedwait}),
                         [](const auto& of) { return std::string(of.param.name); });

void expect_whole_chain(void (*outer)(void (*)(int), int), void (*read_byte)(int), const std::string& space) {
  const pipe_ends pipe;
  unwinder from_outside(::getpid());
  std::vector<stack_frame> stack;
  {
    blocked_thread sleeper([&] { outer(read_byte, pipe.reader()); });
    sleeper.wait_until_asleep_in({SYS_read});
    stack = names(from_outside.blocking_unwind(*copy_sleeping_stack(sleeper.id())).stack);
    pipe.wake();
  }
  std::vector<std::string> functions;
  for (const auto& frame : stack) {
    if (frame.function.starts_with("app::")) functions.push_back(frame.function);
  }
  EXPECT_EQ(functions,
            (std::vector<std::string>{space + "read_byte", space + "inner", space + "middle", space + "outer"}))
      << functions_of(stack);
  ASSERT_FALSE(stack.empty());
  // The bottom of a thread, which has a name only with the C library's own symbols.
  EXPECT_NE(stack.back().file.find("libc.so"), std::string::npos) << functions_of(stack);
}

TEST(unwinder, finds_the_whole_stack_of_code_with_frame_pointers) {
  expect_whole_chain(&app::with_frame_pointer::outer, &app::with_frame_pointer::read_byte, "app::with_frame_pointer::");
}

TEST(unwinder, finds_the_whole_stack_of_code_without_frame_pointers) {
  expect_whole_chain(&app::without_frame_pointer::outer, &app::without_frame_pointer::read_byte,
                     "app::without_frame_pointer::");
}

TEST(unwinder, unwinds_the_copy_of_a_stack_when_the_thread_has_gone_on) {
  const pipe_ends pipe;
  std::shared_ptr<const stack_copy> copy;
  {
    blocked_thread sleeper([&] { app::with_frame_pointer::outer(&app::read_byte, pipe.reader()); });
    const auto asleep = sleeper.wait_until_asleep_in({SYS_read});
    copy = copy_sleeping_stack(sleeper.id(), asleep.call);
    pipe.wake();
  }
  ASSERT_TRUE(copy);
  const auto stack = names(unwinder(::getpid()).blocking_unwind(*copy).stack);
  EXPECT_TRUE(has_function(stack, "app::read_byte")) << functions_of(stack);
  EXPECT_TRUE(has_function(stack, "app::with_frame_pointer::outer")) << functions_of(stack);
}

// As libelf does. The kernel chooses a place, which may be right below the code.
TEST(unwinder, is_not_misled_by_a_file_that_is_mapped_beside_its_code) {
  Dl_info program{};
  ASSERT_NE(::dladdr(reinterpret_cast<const void*>(&app::read_byte), &program), 0);
  const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  constexpr std::size_t size = 4096;
  auto* const below = static_cast<char*>(program.dli_fbase) - size;
  void* const mapped = ::mmap(below, size, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, file, 0);
  ::close(file);
  ASSERT_EQ(mapped, below);
  expect_whole_chain(&app::with_frame_pointer::outer, &app::with_frame_pointer::read_byte, "app::with_frame_pointer::");
  ::munmap(mapped, size);
}

TEST(unwinder, reads_another_process) {
  const pipe_ends pipe;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    app::with_frame_pointer::outer(&app::read_byte, pipe.reader());
    ::_exit(0);
  }
  const watched_thread other{child, child};
  blocked_thread::wait_until_asleep(other, {SYS_read});
  const auto found = unwinder(child).blocking_unwind(*copy_sleeping_stack(other));
  pipe.wake();
  ::waitpid(child, nullptr, 0);
  // A forked child has its code where its parent has it.
  const auto stack = names(found.stack);
  EXPECT_TRUE(has_function(stack, "app::read_byte")) << found.no_stack_reason;
  EXPECT_TRUE(has_function(stack, "app::with_frame_pointer::outer")) << functions_of(stack);
  EXPECT_TRUE(has_function(stack, "main")) << functions_of(stack);
}

TEST(unwinder, says_why_it_has_no_stack) {
  unwinder from_outside(::getpid());
  const auto found = from_outside.blocking_unwind(stack_copy{});
  EXPECT_TRUE(found.stack.addresses.empty());
  EXPECT_EQ(found.no_stack_reason, "the thread's stack cannot be read");
}

TEST(stack_copy, is_of_the_call_that_was_seen) {
  const pipe_ends pipe;
  blocked_thread sleeper([&] { app::read_byte(pipe.reader()); });
  auto call = sleeper.wait_until_asleep_in({SYS_read}).call;
  EXPECT_TRUE(copy_sleeping_stack(sleeper.id(), call));
  call.arguments[0] += 1;
  EXPECT_FALSE(copy_sleeping_stack(sleeper.id(), call));
  pipe.wake();
}

TEST(stack_copy, is_not_of_a_thread_that_runs) {
  std::atomic<bool> done{false};
  blocked_thread runner([&] {
    while (!done) continue;
  });
  EXPECT_FALSE(copy_sleeping_stack(runner.id()));
  done = true;
}

}  // namespace
}  // namespace loopscope::monitor::testing
