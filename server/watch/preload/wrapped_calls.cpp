// SPDX-License-Identifier: MIT

// The functions of libc in which threads wait, as the watched program calls them. Each passes its arguments, result and
// errno on. All are cancellation points: a thread that is cancelled unwinds through them.

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include <cerrno>
#include <ctime>

#include "server/watch/preload/next_function.hpp"
#include "server/watch/preload/watched_thread.hpp"

namespace loopscope::watch {
namespace {

// The versions of conditions that are in the structure itself. Architectures that came later have one version only.
constexpr const char* condition_version = "GLIBC_2.3.2";

constinit next_function<int(int, epoll_event*, int, int)> next_epoll_wait{"epoll_wait", absent_call};
constinit next_function<int(int, epoll_event*, int, int, const sigset_t*)> next_epoll_pwait{"epoll_pwait", absent_call};
constinit next_function<int(int, epoll_event*, int, const timespec*, const sigset_t*)> next_epoll_pwait2{"epoll_pwait2",
                                                                                                         absent_call};
constinit next_function<int(pollfd*, nfds_t, int)> next_poll{"poll", absent_call};
constinit next_function<int(pollfd*, nfds_t, int, std::size_t)> next_poll_chk{"__poll_chk", absent_call};
constinit next_function<int(pollfd*, nfds_t, const timespec*, const sigset_t*)> next_ppoll{"ppoll", absent_call};
constinit next_function<int(pollfd*, nfds_t, const timespec*, const sigset_t*, std::size_t)> next_ppoll_chk{
    "__ppoll_chk", absent_call};
constinit next_function<int(int, fd_set*, fd_set*, fd_set*, timeval*)> next_select{"select", absent_call};
constinit next_function<int(int, fd_set*, fd_set*, fd_set*, const timespec*, const sigset_t*)> next_pselect{
    "pselect", absent_call};
constinit next_function<int(pthread_cond_t*, pthread_mutex_t*)> next_cond_wait{"pthread_cond_wait", absent_function,
                                                                               condition_version};
constinit next_function<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)> next_cond_timedwait{
    "pthread_cond_timedwait", absent_function, condition_version};
constinit next_function<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)> next_cond_clockwait{
    "pthread_cond_clockwait", absent_function};

/// Who called the wrapped function in whose argument list this stands.
struct caller {
  void* return_address;
  void* frame;
};
#define LOOPSCOPE_CALLER (caller{__builtin_return_address(0), __builtin_frame_address(0)})

template <class Call>
__attribute__((always_inline)) inline int recorded(watched_thread* thread, wait_kind kind, int descriptor, caller from,
                                                   Call call) {
  if (thread == nullptr) return call();
  const auto site = thread->entered({.kind = kind,
                                     .descriptor = descriptor,
                                     .return_address = reinterpret_cast<std::uintptr_t>(from.return_address),
                                     .stack_pointer = reinterpret_cast<std::uintptr_t>(from.frame)});
  const int result = call();
  thread->returned(site);
  return result;
}

template <class Call>
__attribute__((always_inline)) inline int event_wait(wait_kind kind, int descriptor, caller from, Call call) {
  return recorded(watched_thread::for_events(), kind, descriptor, from, call);
}

template <class Call>
__attribute__((always_inline)) inline int condition_wait(caller from, Call call) {
  return recorded(watched_thread::for_condition(), wait_kind::condition, -1, from, call);
}

// Found now, while a failure to find one can allocate nothing that a program would miss.
__attribute__((constructor)) void start_library() {
  next_epoll_wait.get();
  next_epoll_pwait.get();
  next_epoll_pwait2.get();
  next_poll.get();
  next_poll_chk.get();
  next_ppoll.get();
  next_ppoll_chk.get();
  next_select.get();
  next_pselect.get();
  next_cond_wait.get();
  next_cond_timedwait.get();
  next_cond_clockwait.get();
  watched_process::start();
}

}  // namespace
}  // namespace loopscope::watch

using namespace loopscope::watch;

extern "C" {
#pragma GCC visibility push(default)

int epoll_wait(int epoll, epoll_event* events, int size, int timeout) {
  return event_wait(wait_kind::epoll_wait, epoll, LOOPSCOPE_CALLER,
                    [=] { return next_epoll_wait.get()(epoll, events, size, timeout); });
}

int epoll_pwait(int epoll, epoll_event* events, int size, int timeout, const sigset_t* mask) {
  return event_wait(wait_kind::epoll_pwait, epoll, LOOPSCOPE_CALLER,
                    [=] { return next_epoll_pwait.get()(epoll, events, size, timeout, mask); });
}

int epoll_pwait2(int epoll, epoll_event* events, int size, const timespec* timeout, const sigset_t* mask) {
  return event_wait(wait_kind::epoll_pwait2, epoll, LOOPSCOPE_CALLER,
                    [=] { return next_epoll_pwait2.get()(epoll, events, size, timeout, mask); });
}

int poll(pollfd* descriptors, nfds_t count, int timeout) {
  return event_wait(wait_kind::poll, -1, LOOPSCOPE_CALLER,
                    [=] { return next_poll.get()(descriptors, count, timeout); });
}

// What poll(2) is in programs that are compiled with _FORTIFY_SOURCE.
// NOLINTNEXTLINE(readability-identifier-naming): the name is libc's
int __poll_chk(pollfd* descriptors, nfds_t count, int timeout, std::size_t size) {
  return event_wait(wait_kind::poll, -1, LOOPSCOPE_CALLER,
                    [=] { return next_poll_chk.get()(descriptors, count, timeout, size); });
}

int ppoll(pollfd* descriptors, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  return event_wait(wait_kind::ppoll, -1, LOOPSCOPE_CALLER,
                    [=] { return next_ppoll.get()(descriptors, count, timeout, mask); });
}

// NOLINTNEXTLINE(readability-identifier-naming): the name is libc's
int __ppoll_chk(pollfd* descriptors, nfds_t count, const timespec* timeout, const sigset_t* mask, std::size_t size) {
  return event_wait(wait_kind::ppoll, -1, LOOPSCOPE_CALLER,
                    [=] { return next_ppoll_chk.get()(descriptors, count, timeout, mask, size); });
}

int select(int count, fd_set* reads, fd_set* writes, fd_set* exceptions, timeval* timeout) {
  return event_wait(wait_kind::select, -1, LOOPSCOPE_CALLER,
                    [=] { return next_select.get()(count, reads, writes, exceptions, timeout); });
}

int pselect(int count, fd_set* reads, fd_set* writes, fd_set* exceptions, const timespec* timeout,
            const sigset_t* mask) {
  return event_wait(wait_kind::pselect, -1, LOOPSCOPE_CALLER,
                    [=] { return next_pselect.get()(count, reads, writes, exceptions, timeout, mask); });
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return condition_wait(LOOPSCOPE_CALLER, [=] { return next_cond_wait.get()(condition, mutex); });
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  return condition_wait(LOOPSCOPE_CALLER, [=] { return next_cond_timedwait.get()(condition, mutex, until); });
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  return condition_wait(LOOPSCOPE_CALLER, [=] { return next_cond_clockwait.get()(condition, mutex, clock, until); });
}

#pragma GCC visibility pop
}
