// SPDX-License-Identifier: MIT

#include "thread_stop.hpp"

#include <elf.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <system_error>
#include <thread>

#include "writers/system/proc_file.hpp"
#include "writers/system/thread.hpp"

namespace loopscope::monitor {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds time_to_stop{1};
// A thread on another CPU stops within microseconds. The next looks are for one that has to get a CPU first.
constexpr std::chrono::microseconds time_of_spinning{200};
constexpr std::chrono::microseconds time_between_looks{100};

constexpr const char* thread_has_ended = "the thread has ended";

bool has_ended(const watched_thread& thread) {
  const auto state = system::parse_state(system::proc_file(thread.folder() + "/status").read());
  return state == '?' || state == 'Z' || state == 'X';
}

bool may_trace_everything() {
  const auto own = system::parse_field(system::proc_file("/proc/self/status").read(), "CapEff", 16);
  return own && (*own >> CAP_SYS_PTRACE & 1U) != 0;
}

bool is_descendant(pid_t process) {
  for (int depth = 0; depth < 64 && process > 1; ++depth) {
    if (process == ::getpid()) return true;
    const auto status = system::proc_file("/proc/" + std::to_string(process) + "/status").read();
    process = static_cast<pid_t>(system::parse_field(status, "PPid").value_or(0));
  }
  return false;
}

/// Of the kernel's module Yama; nullopt when it forbids nothing here.
std::optional<int> forbidding_ptrace_scope(pid_t process) {
  const auto text = system::proc_file("/proc/sys/kernel/yama/ptrace_scope").read();
  if (text.empty() || text.front() < '1' || text.front() > '3') return std::nullopt;
  const int scope = text.front() - '0';
  const bool forbids = scope == 3 || (!may_trace_everything() && (scope == 2 || !is_descendant(process)));
  return forbids ? std::optional{scope} : std::nullopt;
}

std::string reason_for_refusal(const watched_thread& thread) {
  const auto folder = thread.folder();
  const auto status = system::proc_file(folder + "/status").read();
  if (const auto tracer = system::parse_field(status, "TracerPid"); tracer && *tracer != 0)
    return "another debugger traces the thread (process " + std::to_string(*tracer) + ')';
  if (const auto scope = forbidding_ptrace_scope(thread.pid))
    return "ptrace is not permitted (Yama's ptrace_scope is " + std::to_string(*scope) + ')';
  if (may_trace_everything()) return {};
  const auto user = system::parse_field(status, "Uid");
  if (user && *user != ::geteuid())
    return "ptrace is not permitted (the process belongs to another user, " + std::to_string(*user) + ')';
  // The kernel gives the files of a process that must not be dumped, such as one with more rights than its user, to
  // root.
  struct stat owner {};
  if (user && ::stat((folder + "/status").c_str(), &owner) == 0 && owner.st_uid != *user)
    return "ptrace is not permitted (the process has more rights than its user, or has forbidden it)";
  return {};
}

std::string text_of(int error, const watched_thread& thread) {
  if (error == ESRCH || has_ended(thread)) return thread_has_ended;
  if (error == EPERM) {
    if (auto reason = reason_for_refusal(thread); !reason.empty()) return reason;
    const auto filter = system::parse_field(system::proc_file("/proc/self/status").read(), "Seccomp");
    if (filter && *filter == 2) return "ptrace is not permitted (a seccomp filter applies to loopscope itself)";
  }
  return "ptrace is not permitted (" + std::generic_category().message(error) + ')';
}

template <class Data>
bool trace(__ptrace_request request, pid_t tid, std::uintptr_t address, Data data) {
  return ::ptrace(request, tid, reinterpret_cast<void*>(address), data) == 0;
}

/// One stop of one thread, of which the calling thread is the tracer. Until the end of the calling thread, which makes
/// the kernel let the thread go in any state.
class thread_stop {
 public:
  explicit thread_stop(const watched_thread& thread) : thread_(thread) {}

  stopped_copy blocking_take(const std::function<bool()>& should_give_up) {
    stopped_copy out;
    void* const no_options = nullptr;
    if (!trace(PTRACE_SEIZE, thread_.tid, 0, no_options)) {
      out.obstacle = text_of(errno, thread_);
    } else if (trace(PTRACE_INTERRUPT, thread_.tid, 0, no_options)) {
      out.obstacle = blocking_wait(should_give_up);
      if (out.obstacle.empty()) out = copy_and_let_go();
    } else {
      out.obstacle = text_of(errno, thread_);
    }
    return out;
  }

 private:
  /// Returns why the thread has not stopped; empty when it has.
  std::string blocking_wait(const std::function<bool()>& should_give_up) {
    const auto begin = steady_clock::now();
    for (;;) {
      siginfo_t seen{};
      // Takes the stop, so that nobody else who waits for children sees it, but never an exit status.
      ::waitid(P_PID, static_cast<id_t>(thread_.tid), &seen, WSTOPPED | WNOHANG | __WALL);
      if (trace(PTRACE_GETSIGINFO, thread_.tid, 0, &stop_)) return {};
      const auto waited = steady_clock::now() - begin;
      if (waited < time_of_spinning) {
        ::sched_yield();
        continue;
      }
      if (has_ended(thread_)) return thread_has_ended;
      if (waited > time_to_stop) return "the thread did not stop within a second";
      if (should_give_up()) return "the explainer ends";
      std::this_thread::sleep_for(time_between_looks);
    }
  }

  stopped_copy copy_and_let_go() {
    stopped_copy out;
    auto copy = std::make_shared<stack_copy>();
    copy->thread = thread_;
    if (const auto found = read_registers()) {
      copy->registers = found;
      copy->call_at_stop = call_;
      copy->state.call.running = true;
      copy->state.call.stack_pointer = found->values[thread_registers::stack_pointer];
      copy->state.call.program_counter = found->values[thread_registers::program_counter];
      copy_stack_memory(*copy);
      out.copy = std::move(copy);
    } else {
      out.obstacle = text_of(errno, thread_);
    }
    // A stop of another kind is that of a signal on its way to the thread.
    const bool is_of_signal = stop_.si_code >> 8 != PTRACE_EVENT_STOP;
    const std::uintptr_t signal = is_of_signal ? static_cast<std::uintptr_t>(stop_.si_signo) : 0;
    trace(PTRACE_DETACH, thread_.tid, 0, reinterpret_cast<void*>(signal));
    return out;
  }

  std::optional<thread_registers> read_registers() {
    user_regs_struct kernel{};
    iovec target{&kernel, sizeof kernel};
    if (!trace(PTRACE_GETREGSET, thread_.tid, NT_PRSTATUS, &target)) return std::nullopt;
    thread_registers out;
#if defined(__aarch64__)
    std::copy(std::begin(kernel.regs), std::end(kernel.regs), out.values.begin());
    out.values[thread_registers::stack_pointer] = kernel.sp;
    out.values[thread_registers::program_counter] = kernel.pc;
#else
    out.values = {kernel.rax, kernel.rdx, kernel.rcx, kernel.rbx, kernel.rsi, kernel.rdi,
                  kernel.rbp, kernel.rsp, kernel.r8,  kernel.r9,  kernel.r10, kernel.r11,
                  kernel.r12, kernel.r13, kernel.r14, kernel.r15, kernel.rip};
    const auto number = static_cast<long>(kernel.orig_rax);
    if (number >= 0) {
      call_.emplace();
      call_->number = number;
      call_->arguments = {kernel.rdi, kernel.rsi, kernel.rdx, kernel.r10, kernel.r8, kernel.r9};
    }
    begin_wait_again(kernel);
#endif
    return out;
  }

#if !defined(__aarch64__)
  /// The thread may have begun to wait between its last look at work and the stop. The kernel goes on with most calls,
  /// but ends those of epoll_wait(2)'s kind with EINTR, which the thread would not have seen without the stop.
  void begin_wait_again(user_regs_struct kernel) const {
    constexpr std::uint64_t size_of_syscall_instruction = 2;
    const auto call = static_cast<long>(kernel.orig_rax);
    bool is_wait = call == SYS_epoll_wait || call == SYS_epoll_pwait;
#ifdef SYS_epoll_pwait2
    is_wait = is_wait || call == SYS_epoll_pwait2;
#endif
    if (!is_wait || static_cast<long>(kernel.rax) != -EINTR || has_signal()) return;
    kernel.rip -= size_of_syscall_instruction;
    kernel.rax = kernel.orig_rax;
    kernel.orig_rax = ~std::uint64_t{0};  // no call that the kernel might begin again itself
    iovec source{&kernel, sizeof kernel};
    trace(PTRACE_SETREGSET, thread_.tid, NT_PRSTATUS, &source);
  }

  bool has_signal() const {
    if (stop_.si_code >> 8 != PTRACE_EVENT_STOP) return true;
    const auto status = system::proc_file(thread_.folder() + "/status").read();
    const auto mask = [&](const char* key) { return system::parse_field(status, key, 16).value_or(~std::uint64_t{0}); };
    return ((mask("SigPnd") | mask("ShdPnd")) & ~mask("SigBlk")) != 0;
  }
#endif

  watched_thread thread_;
  siginfo_t stop_{};
  std::optional<system::syscall_line> call_;
};

}  // namespace

stopped_copy blocking_stop_and_copy(const watched_thread& thread, const std::function<bool()>& should_give_up) {
  stopped_copy out;
  try {
    // The tracer is a thread. When it ends, the kernel lets go whatever has not stopped yet.
    system::start_thread_without_signals([&] {
      system::request_short_time_slice();
      out = thread_stop(thread).blocking_take(should_give_up);
    }).join();
  } catch (const std::system_error& e) {
    out.obstacle = "no thread can be started that stops the program's: " + e.code().message();
  }
  return out;
}

std::string obstacle_to_look_into(const watched_thread& thread) {
  const auto status = system::proc_file(thread.folder() + "/status").read();
  switch (system::parse_state(status)) {
    case '?':
    case 'Z':
    case 'X':
      return thread_has_ended;
    case 'T':
      return "the process is stopped by a signal";
    case 't':
      return "a debugger has stopped the thread";
    default:
      break;
  }
  // proc(5) shows the call of a thread to those who may trace it.
  const bool is_visible = !system::proc_file(thread.folder() + "/syscall").read().empty();
  return is_visible ? std::string{} : reason_for_refusal(thread);
}

}  // namespace loopscope::monitor
