// SPDX-License-Identifier: MIT

#include "back_end.hpp"

#include <liburing.h>

#include <boost/system/system_category.hpp>
#include <cerrno>
#include <fstream>
#include <memory>

#include "method.hpp"

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

std::string_view to_string(back_end id) noexcept {
  return id == back_end::uring ? "uring" : "threads";
}

std::string_view to_string(back_end_choice choice) noexcept {
  switch (choice) {
    case back_end_choice::automatic:
      return "auto";
    case back_end_choice::threads:
      return "threads";
    case back_end_choice::uring:
      return "uring";
  }
  return "";
}

std::optional<back_end_choice> find_back_end_choice(std::string_view name) noexcept {
  for (const auto each : {back_end_choice::automatic, back_end_choice::threads, back_end_choice::uring})
    if (to_string(each) == name) return each;
  return std::nullopt;
}

std::optional<std::string> back_end_rule::reason_against(const method& method, back_end_choice choice) const {
  if (choice == back_end_choice::automatic) return std::nullopt;
  const std::string name = "method '" + std::string{method.name} + "'";
  switch (method.back_ends) {
    case back_end_use::none:
      return name + " calls write(2) on the I/O thread itself and takes no back end";
    case back_end_use::threads:
      if (choice == back_end_choice::uring) return name + " runs on a pool thread and takes no other back end";
      return std::nullopt;
    case back_end_use::any:
      if (choice == back_end_choice::uring && !uring.available) return uring.reason;
      return std::nullopt;
  }
  return std::nullopt;
}

selected_back_end back_end_rule::select(back_end_choice choice) const {
  const bool by_request = choice != back_end_choice::automatic;
  const std::string origin = by_request ? "asked for" : "asked for by --file-io";
  switch (by_request ? choice : preferred) {
    case back_end_choice::automatic:
      return {back_end::threads, "auto is threads, as in libuv"};
    case back_end_choice::threads:
      return {back_end::threads, origin};
    case back_end_choice::uring:
      if (uring.available) return {back_end::uring, origin};
      return {back_end::threads, "uring was " + origin + ", but " + uring.reason};
  }
  return {};
}

}  // namespace loopscope::writers
