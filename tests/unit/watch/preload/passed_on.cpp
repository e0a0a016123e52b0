// SPDX-License-Identifier: MIT

#include "tests/unit/watch/preload/passed_on.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <thread>

namespace {

bool all_right = true;
constexpr int untouched = 77;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "not as libc has it: %s\n", what);
  all_right = false;
}

template <class Call>
void expect_result(int wanted, const char* what, Call call) {
  errno = untouched;
  const int result = call();
  expect(result == wanted && errno == untouched, what);
}

template <class Call>
void expect_error(int wanted, const char* what, Call call) {
  errno = 0;
  const int result = call();
  expect(result == -1 && errno == wanted, what);
}

int readable() {
  return ::eventfd(1, EFD_CLOEXEC);
}
int unreadable() {
  return ::eventfd(0, EFD_CLOEXEC);
}

int epoll_of(int fd) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event interest{.events = EPOLLIN, .data = {.u64 = 0x1234'5678'9abcU}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest);
  return epoll;
}

void try_epoll() {
  const int ready = epoll_of(readable());
  const int idle = epoll_of(unreadable());
  const timespec short_time{0, 1'000'000};
  epoll_event event{};
  expect_result(1, "epoll_wait", [&] { return ::epoll_wait(ready, &event, 1, -1); });
  expect(event.data.u64 == 0x1234'5678'9abcU && event.events == EPOLLIN, "the event of epoll_wait");
  event = {};
  expect_result(1, "epoll_pwait", [&] { return ::epoll_pwait(ready, &event, 1, -1, nullptr); });
  expect(event.data.u64 == 0x1234'5678'9abcU, "the event of epoll_pwait");
  event = {};
  expect_result(1, "epoll_pwait2", [&] { return ::epoll_pwait2(ready, &event, 1, &short_time, nullptr); });
  expect(event.data.u64 == 0x1234'5678'9abcU, "the event of epoll_pwait2");
  expect_result(0, "epoll_wait in vain", [&] { return ::epoll_wait(idle, &event, 1, 1); });
  expect_result(0, "epoll_pwait in vain", [&] { return ::epoll_pwait(idle, &event, 1, 1, nullptr); });
  expect_result(0, "epoll_pwait2 in vain", [&] { return ::epoll_pwait2(idle, &event, 1, &short_time, nullptr); });
  expect_error(EBADF, "epoll_wait of nothing", [&] { return ::epoll_wait(-1, &event, 1, 0); });
  expect_error(EINVAL, "epoll_pwait for 0 events", [&] { return ::epoll_pwait(idle, &event, 0, 0, nullptr); });
  expect_error(EBADF, "epoll_pwait2 of nothing", [&] { return ::epoll_pwait2(-1, &event, 1, nullptr, nullptr); });
}

void try_poll() {
  pollfd descriptors[2] = {{unreadable(), POLLIN, 0}, {readable(), POLLIN, 0}};
  const timespec no_time{};
  const timespec bad_time{-1, 0};
  expect_result(1, "poll", [&] { return ::poll(descriptors, 2, -1); });
  expect(descriptors[0].revents == 0 && descriptors[1].revents == POLLIN, "the events of poll");
  descriptors[1].revents = 0;
  expect_result(1, "ppoll", [&] { return ::ppoll(descriptors, 2, nullptr, nullptr); });
  expect(descriptors[1].revents == POLLIN, "the events of ppoll");
  expect_result(0, "poll in vain", [&] { return ::poll(descriptors, 1, 1); });
  expect_result(0, "ppoll in vain", [&] { return ::ppoll(descriptors, 1, &no_time, nullptr); });
  expect_error(EINVAL, "ppoll for less than no time", [&] { return ::ppoll(descriptors, 1, &bad_time, nullptr); });
}

void try_select() {
  const int fd = readable();
  fd_set reads{};
  FD_SET(fd, &reads);
  timeval timeout{5, 0};
  expect_result(1, "select", [&] { return ::select(fd + 1, &reads, nullptr, nullptr, &timeout); });
  expect(FD_ISSET(fd, &reads) && timeout.tv_sec < 5, "the sets and the time of select");
  const timespec no_time{};
  expect_result(1, "pselect", [&] { return ::pselect(fd + 1, &reads, nullptr, nullptr, &no_time, nullptr); });
  timeout = {0, 1'000};
  expect_result(0, "select in vain", [&] { return ::select(0, nullptr, nullptr, nullptr, &timeout); });
  expect_error(EINVAL, "select of -1", [&] { return ::select(-1, nullptr, nullptr, nullptr, nullptr); });
  expect_error(EINVAL, "pselect of -1", [&] { return ::pselect(-1, nullptr, nullptr, nullptr, nullptr, nullptr); });
}

void ignore(int /*signal*/) {}

void try_signals() {
  struct sigaction action {};
  action.sa_handler = ignore;
  ::sigaction(SIGALRM, &action, nullptr);
  const itimerval soon{{0, 5'000}, {0, 5'000}};
  ::setitimer(ITIMER_REAL, &soon, nullptr);
  const int epoll = epoll_of(unreadable());
  epoll_event event{};
  expect_error(EINTR, "epoll_wait, interrupted", [&] { return ::epoll_wait(epoll, &event, 1, -1); });
  expect_error(EINTR, "poll, interrupted", [&] { return ::poll(nullptr, 0, -1); });
  expect_error(EINTR, "select, interrupted", [&] { return ::select(0, nullptr, nullptr, nullptr, nullptr); });
  sigset_t blocked;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGALRM);
  const timespec a_while{0, 20'000'000};
  expect_result(0, "epoll_pwait with a mask", [&] { return ::epoll_pwait(epoll, &event, 1, 20, &blocked); });
  expect_result(0, "ppoll with a mask", [&] { return ::ppoll(nullptr, 0, &a_while, &blocked); });
  const itimerval never{};
  ::setitimer(ITIMER_REAL, &never, nullptr);
}

void try_condition() {
  std::mutex mutex;
  std::condition_variable condition;
  bool ready = false;
  std::unique_lock lock{mutex};
  std::thread other{[&] {
    const std::lock_guard guard{mutex};
    ready = true;
    condition.notify_one();
  }};
  while (!ready) ::pthread_cond_wait(condition.native_handle(), mutex.native_handle());
  const timespec past{1, 0};
  expect(::pthread_cond_timedwait(condition.native_handle(), mutex.native_handle(), &past) == ETIMEDOUT,
         "pthread_cond_timedwait");
  expect(
      ::pthread_cond_clockwait(condition.native_handle(), mutex.native_handle(), CLOCK_MONOTONIC, &past) == ETIMEDOUT,
      "pthread_cond_clockwait");
  expect(::pthread_cond_clockwait(condition.native_handle(), mutex.native_handle(), 99, &past) == EINVAL,
         "pthread_cond_clockwait of no clock");
  lock.unlock();
  other.join();
}

}  // namespace

bool all_is_passed_on() {
  try_condition();  // before the thread has waited for events, and after
  for (int i = 0; i < 4; ++i) {
    try_epoll();
    try_poll();
    try_select();
  }
  try_signals();
  try_condition();
  return all_right;
}
