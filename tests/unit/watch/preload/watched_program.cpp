// SPDX-License-Identifier: MIT

// What the tests of the preloaded library run with it: one case a run, named by the first argument. The exit status is
// 0 if all went as without the library.

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/watch/preload/passed_on.hpp"

extern "C" int early_wait_result;

namespace {

using std::chrono::steady_clock;

// As a library keeps it: waits are in one place of the program.
class event_loop {
 public:
  event_loop() {
    epoll_event interest{.events = EPOLLIN, .data = {}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &interest);
  }

  __attribute__((noinline)) void run(
      int waits, const std::function<void()>& handler = [] {}) const {
    for (int i = 0; i < waits; ++i) {
      epoll_event event{};
      if (::epoll_wait(epoll_, &event, 1, -1) != 1) std::abort();
      handler();
    }
  }

 private:
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  int event_ = ::eventfd(1, EFD_CLOEXEC);
};

void run_loop(int waits = 10) {
  event_loop{}.run(waits);
}

int status_of(pid_t child) {
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

// From the time on that the loop is known for one.
int run_nested() {
  int turns = 0;
  event_loop{}.run(20, [&turns] {
    if (++turns <= 3) return;
    for (int i = 0; i < 5; ++i) ::poll(nullptr, 0, 0);
  });
  return 0;
}

int run_long_turn() {
  int turns = 0;
  event_loop{}.run(20, [&turns] {
    if (++turns == 10) std::this_thread::sleep_for(std::chrono::milliseconds{30});
  });
  return 0;
}

int run_threads() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 64; ++i) threads.emplace_back([] { run_loop(); });
  for (auto& thread : threads) thread.join();
  return 0;
}

int fork_with(pid_t (*make_child)()) {
  const event_loop loop;
  loop.run(10);
  const pid_t child = make_child();
  loop.run(child == 0 ? 50 : 10);
  if (child == 0) ::_exit(7);
  return status_of(child) == 7 ? 0 : 1;
}

int run_exec(const char* program) {
  run_loop();
  ::execl(program, program, "loop", nullptr);
  return 1;
}

int run_vfork(const char* program) {
  const event_loop loop;
  loop.run(10);
  const pid_t child = ::vfork();
  if (child == 0) {
    ::execl(program, program, "loop", nullptr);
    ::_exit(1);
  }
  loop.run(10);
  return status_of(child);
}

int run_without_preload(const char* program) {
  ::setenv("LD_PRELOAD", "", 1);
  return run_exec(program);
}

int run_closed() {
  for (int fd = 0; fd < 1024; ++fd) ::close(fd);
  run_loop();
  return 0;
}

std::atomic<int> cleaned_up{0};

void clean_up(void* /*unused*/) {
  ++cleaned_up;
}

struct counts_destruction {
  ~counts_destruction() { ++cleaned_up; }
};

void* wait_for_events(void* started) {
  run_loop(4);
  const counts_destruction guard;
  pthread_cleanup_push(clean_up, nullptr);
  *static_cast<std::atomic<bool>*>(started) = true;
  epoll_event event{};
  ::epoll_wait(::epoll_create1(EPOLL_CLOEXEC), &event, 1, -1);
  pthread_cleanup_pop(0);
  return nullptr;
}

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

void unlock(void* /*unused*/) {
  ++cleaned_up;
  ::pthread_mutex_unlock(&mutex);
}

void* wait_at_condition(void* started) {
  run_loop(4);
  const counts_destruction guard;
  ::pthread_mutex_lock(&mutex);
  pthread_cleanup_push(unlock, nullptr);
  *static_cast<std::atomic<bool>*>(started) = true;
  for (;;) ::pthread_cond_wait(&condition, &mutex);
  pthread_cleanup_pop(0);
  return nullptr;
}

int cancel(void* (*function)(void*)) {
  std::atomic<bool> started{false};
  pthread_t thread{};
  ::pthread_create(&thread, nullptr, function, &started);
  while (!started) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds{10});  // so that it most likely waits; else it will soon
  ::pthread_cancel(thread);
  void* result = nullptr;
  ::pthread_join(thread, &result);
  return result == PTHREAD_CANCELED && cleaned_up == 2 && ::pthread_mutex_trylock(&mutex) == 0 ? 0 : 1;
}

int run_conditions() {
  run_loop();
  timespec past{1, 0};
  ::pthread_mutex_lock(&mutex);
  for (int i = 0; i < 5; ++i) ::pthread_cond_timedwait(&condition, &mutex, &past);
  std::thread{[&past] {  // never waits for events
    ::pthread_mutex_unlock(&mutex);
    ::pthread_mutex_lock(&mutex);
    for (int i = 0; i < 5; ++i) ::pthread_cond_timedwait(&condition, &mutex, &past);
  }}
      .join();
  return 0;
}

volatile std::sig_atomic_t signals = 0;

void wait_in_handler(int /*signal*/) {
  signals = signals + 1;
  ::poll(nullptr, 0, 0);
}

int run_signals() {
  struct sigaction action {};
  action.sa_handler = wait_in_handler;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGUSR1, &action, nullptr);
  event_loop{}.run(1000, [] { ::raise(SIGUSR1); });
  return signals == 1000 ? 0 : 1;
}

pid_t libc_fork() {
  return ::fork();
}
pid_t raw_fork() {
  return static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::function<int()>> cases{
      {"loop", [] { return run_loop(), 0; }},
      {"passed_on", [] { return all_is_passed_on() ? 0 : 1; }},
      {"early", [] { return early_wait_result; }},
      {"nested", run_nested},
      {"long_turn", run_long_turn},
      {"threads", run_threads},
      {"fork", [] { return fork_with(libc_fork); }},
      {"raw_fork", [] { return fork_with(raw_fork); }},
      {"exec", [&] { return run_exec(argv[0]); }},
      {"vfork", [&] { return run_vfork(argv[0]); }},
      {"without_preload", [&] { return run_without_preload(argv[0]); }},
      {"closed", run_closed},
      {"cancel_events", [] { return cancel(wait_for_events); }},
      {"cancel_condition", [] { return cancel(wait_at_condition); }},
      {"conditions", run_conditions},
      {"signals", run_signals},
  };
  const auto found = cases.find(argc == 2 ? argv[1] : "");
  return found != cases.end() ? found->second() : 2;
}
