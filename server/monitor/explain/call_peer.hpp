// SPDX-License-Identifier: MIT

#pragma once

#include <string>

#include "server/monitor/detect/watched_thread.hpp"
#include "server/monitor/stall_record.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::monitor {

/// Who is at the other end of the socket or pipe of a call that a thread sleeps in; empty when there is none or it is
/// unknown.
///
///     TCP, UDP      "127.0.0.1:5432", "[::1]:5432"; while connecting, too
///     Unix socket   "unix:/run/db.sock", or who has the other end: "unix socket of 4711 (cat)"
///     pipe          "pipe written by 4711 (cat)", "pipe read by 4711 (cat)"
///
/// Other processes are searched for 20 ms of CPU time at most, and only those of the same user. Source: proc(5),
/// sock_diag(7).
std::string blocking_find_peer(const watched_thread& thread, const system::syscall_line& line,
                               const blocked_call& call);

}  // namespace loopscope::monitor
