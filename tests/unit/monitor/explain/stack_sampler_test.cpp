// SPDX-License-Identifier: MIT

#include "server/monitor/explain/stack_sampler.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "server/monitor/explain/alternate_stack.hpp"
#include "server/monitor/explain/symbolizer.hpp"
#include "server/monitor/options.hpp"
#include "tests/unit/monitor/build_kind.hpp"
#include "tests/unit/monitor/explain/forbidden_call.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

[[gnu::noinline]] void spin_until(const std::atomic<bool>& stop) {
  while (!stop.load(std::memory_order_relaxed)) {
  }
  asm volatile("");
}

[[gnu::noinline]] void spin_elsewhere_until(const std::atomic<bool>& stop) {
  while (!stop.load(std::memory_order_relaxed)) {
  }
  asm volatile("" : : "r"(1));
}

/// A thread that runs the function until its end. The function is called with a flag that ends it.
class test_thread {
 public:
  explicit test_thread(std::function<void(const std::atomic<bool>&)> body, bool prepare = true) {
    thread_ = std::thread([this, body = std::move(body), prepare] {
      if (prepare) prepare_thread();
      tid_ = ::gettid();  // without a lock, so that the thread does not sleep any more
      body(stop_);
    });
    while (tid_ == 0) std::this_thread::yield();
  }
  ~test_thread() {
    stop_ = true;
    thread_.join();
  }
  pid_t tid() const { return tid_; }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<pid_t> tid_{0};
  std::thread thread_;
};

bool contains(const raw_stack& stack, std::string_view function) {
  const auto frames = symbolizer("").blocking_frames(stack);
  return std::ranges::any_of(frames, [&](const stack_frame& f) { return f.function.ends_with(function); });
}

/// The thread may be waiting for a CPU.
std::optional<raw_stack> sample(stack_sampler& sampler, pid_t tid) {
  const auto until = std::chrono::steady_clock::now() + seconds{20};
  while (std::chrono::steady_clock::now() < until) {
    if (!sampler.request(tid)) continue;
    if (auto stack = sampler.collect(seconds{10})) return stack;
  }
  return std::nullopt;
}

/// The reason for the refusal.
std::string refusal(stack_sampler& sampler, pid_t tid) {
  EXPECT_FALSE(sampler.request(tid));
  EXPECT_FALSE(sampler.pending());
  EXPECT_FALSE(sampler.collect());
  return sampler.failure();
}

/// Runs the function in a child of fork() and returns its exit status.
[[maybe_unused]] int status_in_child(const std::function<int()>& function) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    ::_exit(function());
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(stack_sampler, returns_the_stack_of_a_running_thread) {
  if (with_thread_sanitizer) GTEST_SKIP() << "ThreadSanitizer holds the signal back";
  const test_thread thread(&spin_until);
  stack_sampler sampler(default_capture_signal);
  ASSERT_TRUE(sampler.disabled_reason().empty()) << sampler.disabled_reason();
  std::optional<raw_stack> stack;
  do {  // until the thread has begun to spin
    stack = sample(sampler, thread.tid());
    ASSERT_TRUE(stack) << sampler.failure();
  } while (!contains(*stack, "::spin_until"));
  EXPECT_FALSE(stack->exception_in_flight);
  EXPECT_FALSE(sampler.pending());
  EXPECT_EQ(sampler.failure(), "");
}

TEST(stack_sampler, does_not_interrupt_a_thread_that_sleeps) {
  std::atomic<int> interrupted{-1};
  std::atomic<bool> asleep{false};
  std::string reason;
  const int end = ::eventfd(0, EFD_CLOEXEC);
  {
    const test_thread thread([&](const std::atomic<bool>&) {
      pollfd until_end{end, POLLIN, 0};
      asleep = true;
      interrupted = ::poll(&until_end, 1, -1) != 1;
    });
    while (!asleep ||
           system::parse_state(
               system::proc_file("/proc/self/task/" + std::to_string(thread.tid()) + "/status").read()) != 'S') {
    }
    stack_sampler sampler(default_capture_signal);
    reason = refusal(sampler, thread.tid());
    ::eventfd_write(end, 1);
  }
  ::close(end);
  EXPECT_NE(reason.find("sleeps"), std::string::npos) << reason;
  EXPECT_EQ(interrupted, 0);
}

TEST(stack_sampler, says_that_a_thread_is_not_prepared) {
  const test_thread thread(&spin_until, false);
  stack_sampler sampler(default_capture_signal);
  EXPECT_NE(refusal(sampler, thread.tid()).find("no alternate signal stack"), std::string::npos);
}

TEST(stack_sampler, says_that_a_thread_blocks_the_signal) {
  std::atomic<bool> blocked{false};
  const test_thread thread([&](const std::atomic<bool>& stop) {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    blocked = true;
    spin_until(stop);
  });
  while (!blocked) {
  }
  stack_sampler sampler(default_capture_signal);
  EXPECT_NE(refusal(sampler, thread.tid()).find("blocks signal"), std::string::npos);
}

TEST(stack_sampler, says_that_the_queue_of_signals_is_full) {
  const test_thread thread(&spin_until);
  rlimit before{};
  ::getrlimit(RLIMIT_SIGPENDING, &before);
  const rlimit none{0, before.rlim_max};
  ::setrlimit(RLIMIT_SIGPENDING, &none);
  stack_sampler sampler(default_capture_signal);
  const auto reason = refusal(sampler, thread.tid());
  ::setrlimit(RLIMIT_SIGPENDING, &before);
  EXPECT_NE(reason.find("RLIMIT_SIGPENDING"), std::string::npos) << reason;
}

// The default action of the signal would end the program.
TEST(stack_sampler, sends_nothing_when_the_application_has_taken_the_signal_back) {
  const int signal = SIGRTMIN + 12;
  stack_sampler sampler(signal);
  const test_thread thread(&spin_until);
  ::signal(signal, SIG_DFL);
  EXPECT_NE(refusal(sampler, thread.tid()).find("replaced the handler"), std::string::npos);
}

TEST(stack_sampler, says_that_the_kernel_refuses_the_signal) {
#if LOOPSCOPE_WITH_THREAD_SANITIZER
  GTEST_SKIP() << "ThreadSanitizer needs calls that the filter refuses";
#else
  const auto status = status_in_child([] {
    prepare_thread();
    stack_sampler sampler(default_capture_signal);
    if (!forbid_call(SYS_rt_tgsigqueueinfo)) return 2;
    return refusal(sampler, ::gettid()).find("seccomp") != std::string::npos ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
#endif
}

TEST(stack_sampler, ignores_the_stack_of_a_request_that_was_cancelled) {
  if (with_thread_sanitizer) GTEST_SKIP() << "ThreadSanitizer holds the signal back";
  const test_thread first(&spin_until);
  const test_thread second(&spin_elsewhere_until);
  stack_sampler sampler(default_capture_signal);
  for (int i = 0; i < 20; ++i) {
    sampler.request(first.tid());
    sampler.cancel();
    const auto stack = sample(sampler, second.tid());
    ASSERT_TRUE(stack) << sampler.failure();
    EXPECT_FALSE(contains(*stack, "::spin_until"));
  }
}

#if !LOOPSCOPE_WITH_ADDRESS_SANITIZER && !LOOPSCOPE_WITH_THREAD_SANITIZER  // their frames need larger stacks
/// A stackful coroutine as Boost.Context makes them, on 8 KiB above a guard page.
class small_coroutine {
 public:
  explicit small_coroutine(const std::atomic<bool>& stop) : stop_(&stop) {
    memory_ = ::mmap(nullptr, guard + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ::mprotect(static_cast<char*>(memory_) + guard, size, PROT_READ | PROT_WRITE);
    ::getcontext(&context_);
    context_.uc_stack.ss_sp = static_cast<char*>(memory_) + guard;
    context_.uc_stack.ss_size = size;
    context_.uc_link = &caller_;
    running = this;
    ::makecontext(
        &context_, [] { run_coroutine(); }, 0);
  }
  ~small_coroutine() { ::munmap(memory_, guard + size); }
  void run() { ::swapcontext(&caller_, &context_); }
  /// Where the outer frames are. The spinning function does not use this page.
  void* outer_page() const { return static_cast<char*>(memory_) + guard + size - page; }
  static constexpr std::size_t page = 4096;

 private:
  static constexpr std::size_t guard = 4096;
  static constexpr std::size_t size = 8192;
  static thread_local small_coroutine* running;

  [[gnu::noinline]] static void run_coroutine() {
    std::array<char, 4096> used;  // as its own code would
    asm volatile("" : : "r"(used.data()) : "memory");
    spin_until(*running->stop_);
  }

  const std::atomic<bool>* stop_;
  void* memory_ = nullptr;
  ucontext_t context_{};
  ucontext_t caller_{};
};
thread_local small_coroutine* small_coroutine::running = nullptr;

TEST(stack_sampler, unwinds_a_small_coroutine_from_a_stack_of_its_own) {
  const auto status = status_in_child([] {
    const test_thread thread([](const std::atomic<bool>& stop) { small_coroutine(stop).run(); });
    stack_sampler sampler(default_capture_signal);
    int found = 0;
    while (found < 10) {
      const auto stack = sample(sampler, thread.tid());
      if (!stack) return 1;
      found += contains(*stack, "small_coroutine::run_coroutine") ? 1 : 0;
    }
    return 0;
  });
  EXPECT_EQ(status, 0);
}

std::atomic<void*> protected_page{nullptr};
std::atomic<bool> held_up{false};

// The handler of the capture signal reads the page, and goes on when it can.
void hold_up_until_readable(int) {
  held_up = true;
  while (protected_page != nullptr) {
  }
}

TEST(stack_sampler, is_not_held_up_by_another_thread_in_its_handler) {
  const auto status = status_in_child([] {
    ::signal(SIGSEGV, &hold_up_until_readable);
    const test_thread held([](const std::atomic<bool>& stop) {
      small_coroutine coroutine(stop);
      protected_page = coroutine.outer_page();
      coroutine.run();
    });
    const test_thread free(&spin_until);
    stack_sampler first(default_capture_signal);
    for (auto stack = sample(first, held.tid()); stack && !contains(*stack, "::spin_until");)
      stack = sample(first, held.tid());
    ::mprotect(protected_page, small_coroutine::page, PROT_NONE);
    while (!first.request(held.tid())) {
    }
    while (!held_up) {
    }
    int wrong = 0;
    wrong += first.collect() ? 1 : 0;
    wrong += first.failure() == "the thread has not handled the signal yet" ? 0 : 2;
    stack_sampler second(default_capture_signal);
    wrong += sample(second, free.tid()) ? 0 : 4;
    first.cancel();
    while (first.failure().find("earlier signal") == std::string::npos) wrong += first.request(held.tid()) ? 8 : 0;
    ::mprotect(protected_page, small_coroutine::page, PROT_READ | PROT_WRITE);
    protected_page = nullptr;
    wrong += sample(first, held.tid()) ? 0 : 16;
    return wrong;
  });
  EXPECT_EQ(status, 0);
}
#endif

TEST(alternate_stack, is_freed_with_its_thread) {
  const auto mappings = [] {
    std::ifstream file("/proc/self/maps");
    return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
  };
  const auto one_thread = [] {
    pid_t tid = 0;
    std::thread([&] {
      tid = ::gettid();
      EXPECT_TRUE(prepare_thread());
      EXPECT_TRUE(prepare_thread());
      EXPECT_TRUE(is_prepared(tid));
    }).join();
    EXPECT_FALSE(is_prepared(tid));
  };
  one_thread();
  const auto before = mappings();
  for (int i = 0; i < 200; ++i) one_thread();
  EXPECT_LT(mappings(), before + 20);
}

TEST(alternate_stack, of_the_application_is_used_if_it_has_room_and_never_replaced) {
  for (const auto& [size, has_room] :
       {std::pair{std::size_t{256} * 1024, true}, std::pair{std::size_t{16} * 1024, false}}) {
    std::thread([size = size, has_room = has_room] {
      std::vector<char> memory(size);
      stack_t own{};
      own.ss_sp = memory.data();
      own.ss_size = size;
      stack_t before{};
      ASSERT_EQ(::sigaltstack(&own, &before), 0);
      EXPECT_EQ(prepare_thread(), has_room);
      EXPECT_EQ(is_prepared(::gettid()), has_room);
      stack_t now{};
      ::sigaltstack(&before, &now);
      EXPECT_EQ(now.ss_sp, memory.data());
    }).join();
  }
}

TEST(stack_sampler, keeps_errno_of_the_thread_that_it_interrupts) {
  std::atomic<bool> stop{false};
  std::atomic<int> changed{0};
  std::promise<pid_t> tid;
  std::thread thread([&] {
    prepare_thread();
    tid.set_value(::gettid());
    errno = 4711;
    while (!stop) changed += errno != 4711;
  });
  const auto target = tid.get_future().get();
  stack_sampler sampler(default_capture_signal);
  int stacks = 0;
  for (int i = 0; i < 20; ++i) {
    if (!sampler.request(target)) continue;
    if (sampler.collect(milliseconds{200})) ++stacks;
    sampler.cancel();
  }
  stop = true;
  thread.join();
  EXPECT_EQ(changed, 0);
  if (!with_thread_sanitizer) {
    EXPECT_GT(stacks, 0);
  }
}

TEST(stack_sampler, requests_nothing_from_a_thread_that_has_ended) {
  pid_t tid = 0;
  std::thread([&] { tid = ::gettid(); }).join();
  const auto folder = "/proc/self/task/" + std::to_string(tid);
  while (::access(folder.c_str(), F_OK) == 0) std::this_thread::yield();  // join() returns a little earlier
  stack_sampler sampler(default_capture_signal);
  EXPECT_EQ(refusal(sampler, tid), "the thread has ended");
}

TEST(stack_sampler, does_not_use_a_signal_that_the_application_handles) {
  const int signal = SIGRTMIN + 11;
  struct sigaction handled_by_application {};
  handled_by_application.sa_handler = SIG_IGN;
  ::sigaction(signal, &handled_by_application, nullptr);
  const stack_sampler sampler(signal);
  EXPECT_NE(sampler.disabled_reason().find("uses signal"), std::string::npos);
  struct sigaction now {};
  ::sigaction(signal, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_IGN);
}

TEST(stack_sampler, is_disabled_for_signals_that_are_not_real_time_signals) {
  EXPECT_FALSE(stack_sampler(SIGTERM).disabled_reason().empty());
  EXPECT_FALSE(stack_sampler(1000).disabled_reason().empty());
  EXPECT_FALSE(stack_sampler(no_capture_signal).disabled_reason().empty());
}

TEST(stack_sampler, has_no_limit_of_threads_as_long_as_few_are_asked_at_once) {
  if (with_thread_sanitizer) GTEST_SKIP() << "ThreadSanitizer holds the signal back";
  std::vector<std::unique_ptr<stack_sampler>> all;
  for (int i = 0; i < 200; ++i) all.push_back(std::make_unique<stack_sampler>(default_capture_signal));
  const test_thread spinning([](const std::atomic<bool>& stop) {
    while (!stop) continue;
  });
  for (const auto& each : all) EXPECT_TRUE(sample(*each, spinning.tid()));
}

}  // namespace
}  // namespace loopscope::monitor::testing
