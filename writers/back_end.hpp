// SPDX-License-Identifier: MIT

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace loopscope::writers {

/// The component that carries out a method's writes.
enum class back_end { threads, uring };

/// What a request or --file-io may name. `automatic` is threads, as in libuv.
enum class back_end_choice { automatic, threads, uring };

/// A back end and the reason for it, for the report.
struct selected_back_end {
  back_end id = back_end::threads;
  std::string reason;
};

std::string_view to_string(back_end id) noexcept;
std::string_view to_string(back_end_choice choice) noexcept;
std::optional<back_end_choice> find_back_end_choice(std::string_view name) noexcept;

/// Whether this process may use io_uring, and the reason if not.
struct uring_support {
  bool available = false;
  std::string reason;  ///< a sentence without its full stop, for people
};

/// Sets up a small ring and asks the kernel whether it has the write operation.
///
/// A missing io_uring is a result, not an error: old kernel, seccomp profile, sysctl, no locked memory.
/// Threads: any; a few system calls.
uring_support probe_uring();

/// The reason for an errno of io_uring_setup(2). `disabled_sysctl` is kernel.io_uring_disabled, -1 if absent.
std::string explain_uring_failure(int error_value, int disabled_sysctl);

struct method;

/// Decides which back end a write gets. The only place that does.
///
/// The rule is fixed and measures nothing: io_uring is only for requests or services that ask for it; `automatic` is
/// threads, as in libuv. Threads: any. A value.
struct back_end_rule {
  uring_support uring;
  back_end_choice preferred = back_end_choice::automatic;  ///< --file-io: used if the request does not choose

  /// The reason why `method` cannot run on `choice`: a sentence without its full stop, for people. nullopt: it can.
  std::optional<std::string> reason_against(const method& method, back_end_choice choice) const;
  /// The back end for a request and the reason. If --file-io asks for an io_uring that is not available, threads are
  /// used and the reason says so.
  selected_back_end select(back_end_choice choice) const;
};

}  // namespace loopscope::writers
