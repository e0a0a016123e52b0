#include "stack_sampler.hpp"

#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/stacktrace/safe_dump_to.hpp>
#include <cerrno>
#include <exception>
#include <mutex>

#include "server/monitor/options.hpp"
#include "writers/system/clock.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

constexpr std::size_t max_slots = 64;
constexpr std::size_t max_frames = 128;

enum class phase : std::uint32_t { idle, armed, writing, full };

struct slot {
  std::atomic<bool> taken{false};
  // Generation in the upper half, phase in the lower, so that a late signal can claim only the request it was sent for.
  std::atomic<std::uint64_t> state{0};
  sem_t filled;
  std::size_t frames = 0;
  std::uintptr_t interrupted_at = 0;
  const void* returns_to = nullptr;
  bool exception_in_flight = false;
  std::array<const void*, max_frames> addresses{};
};

std::array<slot, max_slots> slots;

constexpr std::uint64_t state_of(std::uint32_t generation, phase p) {
  return (static_cast<std::uint64_t>(generation) << 32U) | static_cast<std::uint32_t>(p);
}

std::uintptr_t program_counter([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<std::uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.pc);
#else
  return 0;
#endif
}

}  // namespace

namespace detail {

void on_capture_signal(int, siginfo_t* info, void* context) {
  if (info->si_code != SI_QUEUE || info->si_pid != ::getpid()) return;
  const int saved_errno = errno;
  const auto value = reinterpret_cast<std::uintptr_t>(info->si_value.sival_ptr);
  auto& s = slots[value % max_slots];
  const auto generation = static_cast<std::uint32_t>(value / max_slots);
  auto expected = state_of(generation, phase::armed);
  if (s.state.compare_exchange_strong(expected, state_of(generation, phase::writing), std::memory_order_acquire)) {
    s.exception_in_flight = std::uncaught_exceptions() > 0;
    s.interrupted_at = program_counter(context);
    s.returns_to = __builtin_return_address(0);
    s.frames = s.exception_in_flight ? 0 : boost::stacktrace::safe_dump_to(s.addresses.data(), sizeof s.addresses);
    s.state.store(state_of(generation, phase::full), std::memory_order_release);
    ::sem_post(&s.filled);
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

std::string install_handler(int signal) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  struct sigaction current {};
  if (signal < SIGRTMIN || signal > SIGRTMAX || ::sigaction(signal, nullptr, &current) != 0) {
    return "signal " + std::to_string(signal) + " is not a real-time signal";
  }
  const bool is_ours = (current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == &detail::on_capture_signal;
  if (is_ours) return {};
  if ((current.sa_flags & SA_SIGINFO) != 0 || current.sa_handler != SIG_DFL) {
    return "the application uses signal " + std::to_string(signal) + " itself";
  }
  prepare_unwinder();
  struct sigaction action {};
  action.sa_sigaction = &detail::on_capture_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
  return {};
}

}  // namespace

int resolve_capture_signal(int option) {
  return option == default_capture_signal ? SIGRTMIN + 6 : option;
}

std::string obstacle_to_signal(pid_t tid, int signal) {
  const auto status = system::proc_file("/proc/self/task/" + std::to_string(tid) + "/status").read();
  if (system::parse_field(status, "TracerPid").value_or(0) != 0)
    return "the process is being traced (debugger, strace)";
  const auto state = system::parse_state(status);
  if (state == 'T' || state == 't') return "the thread is stopped";
  const auto blocked = system::parse_field(status, "SigBlk", 16).value_or(0);
  if ((blocked >> static_cast<unsigned>(signal - 1)) & 1U) {
    return "the loop's thread blocks signal " + std::to_string(signal);
  }
  return {};
}

stack_sampler::stack_sampler(int signal) : signal_(resolve_capture_signal(signal)) {
  if (signal_ == no_capture_signal) {
    disabled_reason_ = "stack capture is switched off";
    return;
  }
  disabled_reason_ = install_handler(signal_);
  if (!disabled_reason_.empty()) return;
  for (slot_ = 0; slot_ < max_slots; ++slot_) {
    if (!slots[slot_].taken.exchange(true)) break;
  }
  has_slot_ = slot_ < max_slots;
  if (!has_slot_) {
    disabled_reason_ = "more than " + std::to_string(max_slots) + " loops are monitored";
    return;
  }
  auto& s = slots[slot_];
  ::sem_init(&s.filled, 0, 0);
  generation_ = static_cast<std::uint32_t>(s.state.load() >> 32U);
}

stack_sampler::~stack_sampler() {
  if (!has_slot_) return;
  cancel();
  slots[slot_].taken.store(false);
}

bool stack_sampler::request(pid_t tid) {
  if (!disabled_reason_.empty()) return false;
  if (pending_) return true;
  auto& s = slots[slot_];
  ++generation_;
  s.state.store(state_of(generation_, phase::armed), std::memory_order_release);

  siginfo_t info{};
  info.si_signo = signal_;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_ptr = reinterpret_cast<void*>(static_cast<std::uintptr_t>(generation_) * max_slots + slot_);
  pending_ = ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), tid, signal_, &info) == 0;
  if (!pending_) s.state.store(state_of(generation_, phase::idle));
  return pending_;
}

std::optional<raw_stack> stack_sampler::collect(std::chrono::nanoseconds timeout) {
  if (!pending_) return std::nullopt;
  auto& s = slots[slot_];
  timespec until{};
  ::clock_gettime(CLOCK_MONOTONIC, &until);
  const auto deadline = system::to_nanoseconds(until) + timeout;
  until.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(deadline).count();
  until.tv_nsec = (deadline % std::chrono::seconds{1}).count();

  while (s.state.load(std::memory_order_acquire) != state_of(generation_, phase::full)) {
    if (::sem_clockwait(&s.filled, CLOCK_MONOTONIC, &until) != 0 && errno != EINTR) break;
  }
  return take();
}

std::optional<raw_stack> stack_sampler::take() {
  auto& s = slots[slot_];
  if (s.state.load(std::memory_order_acquire) != state_of(generation_, phase::full)) return std::nullopt;
  pending_ = false;
  raw_stack out;
  out.exception_in_flight = s.exception_in_flight;
  const auto* begin = s.addresses.data();
  const auto* end = begin + s.frames;
  // The handler's own frames come first. They end at the interrupted frame, or at the handler's caller if a sanitizer
  // delivers the signal from another place.
  auto* first = std::find(begin, end, reinterpret_cast<const void*>(s.interrupted_at));
  if (first == end) first = std::find(begin, end, s.returns_to);
  if (first != end) begin = first;
  out.addresses.assign(begin, end);
  s.state.store(state_of(generation_, phase::idle), std::memory_order_release);
  return out;
}

void stack_sampler::cancel() {
  if (!pending_) return;
  auto& s = slots[slot_];
  auto expected = state_of(generation_, phase::armed);
  if (!s.state.compare_exchange_strong(expected, state_of(generation_, phase::idle))) {
    // The handler is writing. It finishes in microseconds once its thread runs.
    while (s.state.load(std::memory_order_acquire) != state_of(generation_, phase::full)) {
      ::sched_yield();
    }
    take();
  }
  pending_ = false;
}

}  // namespace loopscope::monitor
