// SPDX-License-Identifier: MIT

#include "raw_ring.hpp"

#include <liburing.h>
#include <sched.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace loopscope::bench {
namespace {

constexpr unsigned deferred_task_run = 1U << 13;  // IORING_SETUP_DEFER_TASKRUN, newer than Debian 12's liburing
constexpr unsigned idle_submission_thread_ms = 20;

void check(int result, const char* operation) {
  if (result < 0) throw std::system_error(-result, std::system_category(), operation);
}

class ring {
 public:
  explicit ring(const ring_options& options) {
    io_uring_params parameters{};
    if (options.deferred) parameters.flags |= IORING_SETUP_SINGLE_ISSUER | deferred_task_run;
    if (options.submission_thread) {
      parameters.flags |= IORING_SETUP_SQPOLL;
      parameters.sq_thread_idle = idle_submission_thread_ms;
    }
    // Twice the depth: a submission thread may free an entry after its write has ended.
    check(io_uring_queue_init_params(2 * options.depth, &ring_, &parameters), "io_uring_queue_init");
  }
  ~ring() { io_uring_queue_exit(&ring_); }
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;

  io_uring* get() { return &ring_; }

 private:
  io_uring ring_{};
};

void stay_on_first_cpu(io_uring* ring) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) check(-errno, "sched_getaffinity");
  std::size_t first = 0;
  while (!CPU_ISSET(first, &allowed)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0) check(-errno, "sched_setaffinity");
  check(io_uring_register_iowq_aff(ring, sizeof one, &one), "io_uring_register_iowq_aff");
}

/// Takes the available completions. Returns their number.
unsigned take_completions(io_uring* ring, std::size_t bytes) {
  unsigned taken = 0;
  io_uring_cqe* completion = nullptr;
  while (io_uring_peek_cqe(ring, &completion) == 0) {
    check(completion->res, "write");
    if (static_cast<std::size_t>(completion->res) != bytes) check(-EIO, "short write");
    io_uring_cqe_seen(ring, completion);
    ++taken;
  }
  return taken;
}

}  // namespace

void write_on_ring(int file, std::span<const std::byte> data, std::size_t count, const ring_options& options) {
  ring own{options};
  io_uring* const ring = own.get();
  if (options.one_cpu) stay_on_first_cpu(ring);
  const iovec buffer{const_cast<std::byte*>(data.data()), data.size()};
  if (options.registered) check(io_uring_register_buffers(ring, &buffer, 1), "io_uring_register_buffers");

  const auto size = static_cast<unsigned>(data.size());
  unsigned in_flight = 0;
  for (std::size_t started = 0, ended = 0; ended < count;) {
    const auto batch = static_cast<unsigned>(std::min<std::size_t>(options.depth - in_flight, count - started));
    for (unsigned i = 0; i < batch; ++i, ++started) {
      io_uring_sqe* const entry = io_uring_get_sqe(ring);
      if (entry == nullptr) check(-EBUSY, "io_uring_get_sqe");
      if (options.registered) {
        io_uring_prep_write_fixed(entry, file, data.data(), size, started * data.size(), 0);
      } else {
        io_uring_prep_write(entry, file, data.data(), size, started * data.size());
      }
      if (options.linked && i + 1 < batch) entry->flags |= IOSQE_IO_LINK;
    }
    in_flight += batch;
    if (options.polled) {
      check(io_uring_submit(ring), "io_uring_submit");
    } else {
      check(io_uring_submit_and_wait(ring, options.linked ? in_flight : 1), "io_uring_submit");
    }
    const unsigned taken = take_completions(ring, data.size());
    in_flight -= taken;
    ended += taken;
  }
}

}  // namespace loopscope::bench
