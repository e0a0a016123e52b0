// SPDX-License-Identifier: MIT

#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "admin_plane.hpp"
#include "logger.hpp"
#include "server/config/config.hpp"

namespace loopscope::watch {
class loop_finder;
}

namespace loopscope::app {

/// The admin plane of `loopscope watch`: the loops that the finder has found, at the moment of each request.
///
///     watch_plane plane{finder, threshold};
///     if (const auto error = plane.listen(*address)) return fail(program, "cannot listen on ...");  // before the fork
///     plane.start(command, pid);
///
/// Threads: one. Lifetime: the finder outlives it. The destructor drops the connections; it waits for a sample or a
/// request in progress, which takes milliseconds. SIGPIPE must be ignored.
class watch_plane {
 public:
  watch_plane(const watch::loop_finder& finder, std::chrono::nanoseconds stall_threshold);

  /// Binds the listener, which the command does not inherit. Until start(), connections wait.
  http::error_code listen(const config::listen_address& address);
  /// Where the page is, with the port that was bound: "http://127.0.0.1:8081/".
  std::string url() const;
  /// The command runs, as that process. Serves from now on, and says on stderr where.
  void start(const std::vector<std::string>& command, pid_t process);
  /// The command has ended: /readyz says so.
  void set_ended() noexcept { ended_ = true; }

 private:
  std::chrono::nanoseconds stall_threshold_;
  std::atomic<bool> ended_{false};
  logger log_;
  config::listen_address address_;
  admin_plane plane_;
};

}  // namespace loopscope::app
