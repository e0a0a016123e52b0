#include "uring_support.hpp"

#include <liburing.h>

#include <boost/system/system_category.hpp>
#include <cerrno>
#include <fstream>
#include <memory>

namespace loopscope::writers {
namespace {

constexpr unsigned probe_ring_entries = 2;

int read_disabled_sysctl() {
  int value = -1;
  std::ifstream{"/proc/sys/kernel/io_uring_disabled"} >> value;
  return value;
}

}  // namespace

std::string explain_uring_failure(int error_value, int disabled_sysctl) {
  switch (error_value) {
    case ENOSYS:
      return "this kernel has no io_uring (ENOSYS)";
    case EPERM:
      if (disabled_sysctl > 0) return "kernel.io_uring_disabled is " + std::to_string(disabled_sysctl) + " (EPERM)";
      return "io_uring_setup is forbidden (EPERM), as container seccomp profiles do by default";
    case ENOMEM:
      return "no locked memory for a ring (ENOMEM); see RLIMIT_MEMLOCK";
    default:
      return "io_uring_setup failed: " + boost::system::system_category().message(error_value) + " (errno " +
             std::to_string(error_value) + ")";
  }
}

uring_support probe_uring() {
  io_uring ring{};
  if (const int failure = io_uring_queue_init(probe_ring_entries, &ring, 0); failure < 0)
    return {false, explain_uring_failure(-failure, read_disabled_sysctl())};
  const std::unique_ptr<io_uring_probe, decltype(&io_uring_free_probe)> probe{io_uring_get_probe_ring(&ring),
                                                                              &io_uring_free_probe};
  const bool writes = probe && io_uring_opcode_supported(probe.get(), IORING_OP_WRITE);
  io_uring_queue_exit(&ring);
  if (!writes) return {false, "this kernel's io_uring has no write operation"};
  return {true, "io_uring is available"};
}

}  // namespace loopscope::writers
