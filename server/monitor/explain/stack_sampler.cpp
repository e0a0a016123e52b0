// SPDX-License-Identifier: MIT

#include "stack_sampler.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/stacktrace/safe_dump_to.hpp>
#include <cerrno>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>

#include "alternate_stack.hpp"
#include "server/monitor/options.hpp"
#include "stack_slot.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_slots = 64;
// Ready before any constructor runs, since a monitor may be a static object.
constinit std::array<stack_slot, max_slots> slots;

constexpr const char* no_answer = "the thread has not handled the signal yet";

void read_registers([[maybe_unused]] const void* context, [[maybe_unused]] stack_slot::stack& out) {
#if defined(__x86_64__)
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  out.interrupted_at = static_cast<std::uintptr_t>(registers[REG_RIP]);
  out.stack_pointer = static_cast<std::uintptr_t>(registers[REG_RSP]);
#elif defined(__aarch64__)
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
  out.interrupted_at = static_cast<std::uintptr_t>(registers.pc);
  out.stack_pointer = static_cast<std::uintptr_t>(registers.sp);
#endif
}

}  // namespace

namespace detail {

void on_capture_signal(int, siginfo_t* info, void* context) {
  if (info->si_code != SI_QUEUE || info->si_pid != ::getpid()) return;
  const int saved_errno = errno;
  const auto value = reinterpret_cast<std::uintptr_t>(info->si_value.sival_ptr);
  auto& slot = slots[value % max_slots];
  const auto generation = static_cast<std::uint32_t>(value / max_slots);
  if (slot.claim(generation)) {
    auto& stack = slot.content;
    stack.exception_in_flight = std::uncaught_exceptions() > 0;
    read_registers(context, stack);
    stack.returns_to = __builtin_return_address(0);
    stack.frames =
        stack.exception_in_flight ? 0 : boost::stacktrace::safe_dump_to(stack.addresses.data(), sizeof stack.addresses);
    slot.publish(generation);
  }
  errno = saved_errno;
}

}  // namespace detail

namespace {

// The first use of the unwinder loads libgcc_s and fills caches, which a signal handler must not do.
void prepare_unwinder() {
  std::array<const void*, 4> addresses{};
  boost::stacktrace::safe_dump_to(addresses.data(), sizeof addresses);
  static_cast<void>(std::uncaught_exceptions());
}

bool is_handled_here(int signal) {
  struct sigaction current {};
  return ::sigaction(signal, nullptr, &current) == 0 && (current.sa_flags & SA_SIGINFO) != 0 &&
         current.sa_sigaction == &detail::on_capture_signal;
}

std::string install_handler(int signal) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  struct sigaction current {};
  if (signal < SIGRTMIN || signal > SIGRTMAX || ::sigaction(signal, nullptr, &current) != 0) {
    return "signal " + std::to_string(signal) + " is not a real-time signal";
  }
  if (is_handled_here(signal)) return {};
  if ((current.sa_flags & SA_SIGINFO) != 0 || current.sa_handler != SIG_DFL) {
    return "the application uses signal " + std::to_string(signal) + " itself";
  }
  prepare_unwinder();
  struct sigaction action {};
  action.sa_sigaction = &detail::on_capture_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
  add_capture_signal(signal);
  return {};
}

std::string send_failure(int error) {
  switch (error) {
    case EAGAIN:
      return "the queue of signals is full (RLIMIT_SIGPENDING)";
    case ESRCH:
      return "the thread has ended";
    default:
      return "the kernel refused the signal: " + std::generic_category().message(error) + " (a seccomp filter?)";
  }
}

}  // namespace

int resolve_capture_signal(int option) {
  return option == default_capture_signal ? SIGRTMIN + 6 : option;
}

std::string obstacle_to_signal(pid_t tid, int signal) {
  const auto path = "/proc/self/task/" + std::to_string(tid);
  const auto status = system::proc_file(path + "/status").read();
  if (status.empty()) return ::access("/proc/self", F_OK) == 0 ? "the thread has ended" : "/proc is not readable";
  if (system::parse_field(status, "TracerPid").value_or(0) != 0)
    return "the process is being traced (debugger, strace)";
  if (!is_prepared(tid)) return "the thread has no alternate signal stack, and its own may be too small";
  const auto blocked = system::parse_field(status, "SigBlk", 16).value_or(0);
  if ((blocked >> static_cast<unsigned>(signal - 1)) & 1U) return "the thread blocks signal " + std::to_string(signal);
  switch (system::parse_state(status)) {
    case 'R':
      return {};
    case 'T':
    case 't':
      return "the thread is stopped";
    case 'Z':
    case 'X':
      return "the thread has ended";
    default:
      return "the thread sleeps, and a signal would interrupt its call";
  }
}

stack_sampler::stack_sampler(int signal) : signal_(resolve_capture_signal(signal)) {
  if (signal_ == no_capture_signal) {
    disabled_reason_ = "stack capture is switched off";
    return;
  }
  disabled_reason_ = install_handler(signal_);
}

stack_sampler::~stack_sampler() {
  release_slot();
}

void stack_sampler::release_slot() noexcept {
  if (!slot_) return;
  slot_->give_up();
  std::exchange(slot_, nullptr)->release();
}

bool stack_sampler::fail(std::string reason) {
  failure_ = std::move(reason);
  release_slot();
  return false;
}

std::string stack_sampler::obstacle(pid_t tid) const {
  // With the default action in its place, the signal would end the program.
  if (!is_handled_here(signal_)) return "the application has replaced the handler of signal " + std::to_string(signal_);
  return obstacle_to_signal(tid, signal_);
}

bool stack_sampler::request(pid_t tid) {
  if (pending_) return true;
  if (!disabled_reason_.empty()) return fail(disabled_reason_);
  if (!slot_) {
    const auto free = std::ranges::find_if(slots, [](stack_slot& slot) { return slot.try_reserve(); });
    if (free == slots.end()) return fail(std::to_string(max_slots) + " stacks of other threads are being taken");
    slot_ = &*free;
  }
  const auto generation = slot_->arm();
  if (generation == 0) {  // before others: a thread blocks the signal in its handler
    failure_ = "the thread is still in the handler of an earlier signal";
    return false;
  }
  if (auto reason = obstacle(tid); !reason.empty()) return fail(std::move(reason));

  siginfo_t info{};
  info.si_signo = signal_;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  const auto index = static_cast<std::uintptr_t>(slot_ - slots.data());
  info.si_value.sival_ptr = reinterpret_cast<void*>(std::uintptr_t{generation} * max_slots + index);
  pending_ = ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), tid, signal_, &info) == 0;
  return pending_ || fail(send_failure(errno));
}

std::optional<raw_stack> stack_sampler::collect(std::chrono::nanoseconds timeout) {
  if (!pending_ || !slot_->blocking_wait_until_full(timeout)) {
    if (pending_) failure_ = no_answer;
    return std::nullopt;
  }
  pending_ = false;
  failure_.clear();
  const auto& stack = slot_->content;
  raw_stack out;
  out.exception_in_flight = stack.exception_in_flight;
  const auto* begin = stack.addresses.data();
  const auto* end = begin + stack.frames;
  // The handler's own frames come first. They end at the interrupted frame, or at the handler's caller if a sanitizer
  // delivers the signal from another place.
  auto* first = std::find(begin, end, reinterpret_cast<const void*>(stack.interrupted_at));
  if (first == end) first = std::find(begin, end, stack.returns_to);
  if (first != end) begin = first;
  out.addresses.assign(begin, end);
  out.begin = stack.stack_pointer;
  release_slot();
  return out;
}

void stack_sampler::cancel() {
  if (!pending_) return;
  slot_->give_up();
  pending_ = false;
}

}  // namespace loopscope::monitor
