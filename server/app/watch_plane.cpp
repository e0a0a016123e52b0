// SPDX-License-Identifier: MIT

#include "watch_plane.hpp"

#include "commands.hpp"
#include "description.hpp"
#include "server/support/json_values.hpp"
#include "server/support/standard_streams.hpp"
#include "server/watch/loop_finder.hpp"

namespace loopscope::app {
namespace {

constexpr std::size_t max_connections = 128;

std::vector<metrics::loop_source> loops_of(const watch::loop_finder& finder) {
  std::vector<metrics::loop_source> out;
  for (auto& each : finder.watches()) out.push_back({std::move(each.name), std::move(each.watch), each.pid});
  return out;
}

}  // namespace

watch_plane::watch_plane(const watch::loop_finder& finder, std::chrono::nanoseconds stall_threshold)
    : stall_threshold_(stall_threshold),
      log_("warn", config::log_format::text),
      plane_({.loops = [&finder] { return loops_of(finder); },
              .data = std::nullopt,
              .shutting_down = ended_,
              .stall_threshold = stall_threshold,
              .exporter = make_exporter(),
              .info = {}},
             max_connections, log_) {}

http::error_code watch_plane::listen(const config::listen_address& address) {
  address_ = address;
  return plane_.listen(address, {});
}

std::string watch_plane::url() const {
  return "http://" + text_of(plane_.local_endpoint()) + "/";
}

void watch_plane::start(const std::vector<std::string>& command, pid_t process) {
  plane_.describe(process, {{"version", LOOPSCOPE_VERSION},
                            {"mode", "watch"},
                            {"command", command},
                            {"pid", process},
                            {"stall_threshold_ms", milliseconds(stall_threshold_)},
                            {"machine", describe_machine()}});
  plane_.start();
  print_error(program, "watching on " + url());
  warn_of_exposed_admin(address_, log_);
}

}  // namespace loopscope::app
