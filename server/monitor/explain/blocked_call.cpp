#include "blocked_call.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {
namespace {

struct system_call {
  long number;
  const char* name;
  bool takes_descriptor;
};

// Calls that can sleep. Newer architectures lack some of them (open, poll, epoll_wait, ...).
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

}  // namespace loopscope::monitor
