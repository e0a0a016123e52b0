#include "syscall_names.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <array>

namespace loopscope::monitor {
namespace {

struct entry {
  long number;
  const char* name;
  bool descriptor;
};

// Calls that can sleep. Those that newer architectures dropped (open, poll, epoll_wait, ...) are listed where
// they exist.
constexpr auto entries = std::to_array<entry>({
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

const entry* find(long number) {
  const auto found = std::ranges::find(entries, number, &entry::number);
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

std::string syscall_name(long number) {
  const auto* known = find(number);
  return known ? known->name : "syscall " + std::to_string(number);
}

bool takes_descriptor(long number) {
  const auto* known = find(number);
  return known && known->descriptor;
}

bool is_event_wait(long number) {
#ifdef SYS_epoll_wait
  if (number == SYS_epoll_wait) return true;
#endif
#ifdef SYS_epoll_pwait2
  if (number == SYS_epoll_pwait2) return true;
#endif
  return number == SYS_epoll_pwait || number == SYS_io_uring_enter;
}

}  // namespace loopscope::monitor
