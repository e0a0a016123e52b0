// SPDX-License-Identifier: MIT

#include "blocked_call.hpp"

#include <poll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "call_peer.hpp"
#include "process_memory.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

struct system_call {
  long number;
  const char* name;
  bool takes_descriptor;
};

// Calls that can sleep, and some that a thread may be in again and again while it computes. Newer architectures lack
// some of them (open, poll, epoll_wait, ...).
constexpr auto system_calls = std::to_array<system_call>({
    {SYS_read, "read", true},
    {SYS_write, "write", true},
    {SYS_readv, "readv", true},
    {SYS_writev, "writev", true},
    {SYS_pread64, "pread64", true},
    {SYS_pwrite64, "pwrite64", true},
    {SYS_preadv, "preadv", true},
    {SYS_pwritev, "pwritev", true},
    {SYS_preadv2, "preadv2", true},
    {SYS_pwritev2, "pwritev2", true},
    {SYS_fsync, "fsync", true},
    {SYS_fdatasync, "fdatasync", true},
    {SYS_sync_file_range, "sync_file_range", true},
    {SYS_syncfs, "syncfs", true},
    {SYS_sync, "sync", false},
    {SYS_ftruncate, "ftruncate", true},
    {SYS_fallocate, "fallocate", true},
    {SYS_flock, "flock", true},
    {SYS_fcntl, "fcntl", true},
    {SYS_ioctl, "ioctl", true},
    {SYS_getdents64, "getdents64", true},
    {SYS_copy_file_range, "copy_file_range", true},
    {SYS_sendfile, "sendfile", true},
    {SYS_splice, "splice", true},
    {SYS_close, "close", true},
    {SYS_connect, "connect", true},
    {SYS_accept, "accept", true},
    {SYS_accept4, "accept4", true},
    {SYS_recvfrom, "recvfrom", true},
    {SYS_recvmsg, "recvmsg", true},
    {SYS_recvmmsg, "recvmmsg", true},
    {SYS_sendto, "sendto", true},
    {SYS_sendmsg, "sendmsg", true},
    {SYS_sendmmsg, "sendmmsg", true},
    {SYS_openat, "openat", false},
    {SYS_unlinkat, "unlinkat", false},
    {SYS_renameat, "renameat", false},
    {SYS_renameat2, "renameat2", false},
    {SYS_mkdirat, "mkdirat", false},
    {SYS_statx, "statx", false},
    {SYS_fstat, "fstat", true},
    {SYS_newfstatat, "newfstatat", false},
    {SYS_truncate, "truncate", false},
    {SYS_futex, "futex", false},
    {SYS_nanosleep, "nanosleep", false},
    {SYS_clock_nanosleep, "clock_nanosleep", false},
    {SYS_wait4, "wait4", false},
    {SYS_waitid, "waitid", false},
    {SYS_ppoll, "ppoll", false},
    {SYS_pselect6, "pselect6", false},
    {SYS_epoll_pwait, "epoll_pwait", true},
    {SYS_io_uring_enter, "io_uring_enter", true},
    {SYS_io_getevents, "io_getevents", false},
    {SYS_rt_sigtimedwait, "rt_sigtimedwait", false},
    {SYS_mmap, "mmap", false},
    {SYS_munmap, "munmap", false},
    {SYS_madvise, "madvise", false},
    {SYS_msync, "msync", false},
    {SYS_semtimedop, "semtimedop", false},
    {SYS_getrandom, "getrandom", false},
    {SYS_brk, "brk", false},
    {SYS_clock_gettime, "clock_gettime", false},
    {SYS_getpid, "getpid", false},
    {SYS_getrusage, "getrusage", false},
    {SYS_gettimeofday, "gettimeofday", false},
    {SYS_lseek, "lseek", true},
    {SYS_mprotect, "mprotect", false},
    {SYS_rt_sigprocmask, "rt_sigprocmask", false},
    {SYS_sched_yield, "sched_yield", false},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, "epoll_wait", true},
#endif
#ifdef SYS_epoll_pwait2
    {SYS_epoll_pwait2, "epoll_pwait2", true},
#endif
#ifdef SYS_open
    {SYS_open, "open", false},
    {SYS_creat, "creat", false},
    {SYS_unlink, "unlink", false},
    {SYS_rename, "rename", false},
    {SYS_mkdir, "mkdir", false},
    {SYS_stat, "stat", false},
    {SYS_poll, "poll", false},
    {SYS_select, "select", false},
    {SYS_pause, "pause", false},
    {SYS_vfork, "vfork", false},
#endif
});

const system_call* find_system_call(long number) {
  const auto found = std::ranges::find(system_calls, number, &system_call::number);
  return found == system_calls.end() ? nullptr : &*found;
}

std::string path_of(pid_t process, int fd) {
  std::array<char, 4096> target;
  const auto link = "/proc/" + std::to_string(process) + "/fd/" + std::to_string(fd);
  const auto size = ::readlink(link.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string{};
}

/// "a, b, c and 2 more"
std::string paths_of(pid_t process, const std::vector<int>& files) {
  constexpr std::size_t max_paths = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(files.size(), max_paths); ++i) {
    const auto path = path_of(process, files[i]);
    out += (i == 0 ? "" : ", ") + (path.empty() ? "descriptor " + std::to_string(files[i]) : path);
  }
  if (files.size() > max_paths) out += " and " + std::to_string(files.size() - max_paths) + " more";
  return out;
}

bool is_poll(long number) {
#ifdef SYS_poll
  if (number == SYS_poll) return true;
#endif
  return number == SYS_ppoll;
}

bool is_select(long number) {
#ifdef SYS_select
  if (number == SYS_select) return true;
#endif
  return number == SYS_pselect6;
}

/// The descriptors of a poll(2) or select(2), without repetition.
std::vector<int> blocking_waited_files(pid_t process, const system::syscall_line& call) {
  constexpr std::uint64_t max_files = FD_SETSIZE;
  const process_memory memory(process);
  std::vector<int> out;
  if (is_poll(call.number)) {
    std::vector<pollfd> files(static_cast<std::size_t>(std::min(call.arguments[1], max_files)));
    const auto bytes = std::as_writable_bytes(std::span(files));
    files.resize(memory.blocking_read(static_cast<std::uintptr_t>(call.arguments[0]), bytes) / sizeof(pollfd));
    for (const auto& file : files) {
      if (file.fd >= 0) out.push_back(file.fd);
    }
  } else if (is_select(call.number)) {
    const auto count = static_cast<int>(std::min(call.arguments[0], max_files));
    for (std::size_t set = 1; set <= 3; ++set) {
      if (call.arguments[set] == 0) continue;
      // A program may have made a set that is only as long as it needs.
      fd_set files{};
      const auto size = (static_cast<std::size_t>(count) + 63) / 64 * 8;
      const auto bytes = std::as_writable_bytes(std::span(&files, 1)).first(size);
      if (memory.blocking_read(static_cast<std::uintptr_t>(call.arguments[set]), bytes) != size) continue;
      for (int fd = 0; fd < count; ++fd) {
        if (FD_ISSET(fd, &files)) out.push_back(fd);
      }
    }
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

std::string syscall_name(long number) {
  const auto* known = find_system_call(number);
  return known ? known->name : "syscall " + std::to_string(number);
}

bool takes_descriptor(long number) {
  const auto* known = find_system_call(number);
  return known && known->takes_descriptor;
}

std::optional<blocked_call> describe_call(const watched_thread& thread, const system::syscall_line& call) {
  if (call.running || call.number < 0) return std::nullopt;
  blocked_call out;
  out.name = syscall_name(call.number);
  if (takes_descriptor(call.number)) {
    out.fd = static_cast<int>(call.arguments[0]);
    out.path = path_of(thread.pid, *out.fd);
  }
  auto channel = system::proc_file(thread.folder() + "/wchan").read();
  if (channel != "0") out.wait_channel = std::move(channel);
  return out;
}

std::optional<blocked_call> blocking_describe_call(const watched_thread& thread, const system::syscall_line& call) {
  auto out = describe_call(thread, call);
  if (!out) return out;
  if (const auto files = blocking_waited_files(thread.pid, call); !files.empty()) {
    if (files.size() == 1) out->fd = files.front();
    out->path = paths_of(thread.pid, files);
  }
  out->peer = blocking_find_peer(thread, call, *out);
  return out;
}

}  // namespace loopscope::monitor
