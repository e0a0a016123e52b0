// SPDX-License-Identifier: MIT

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "invariant.hpp"
#include "server/config/command_line.hpp"

namespace loopscope::config {
namespace {

using fuzz::require;
using std::chrono::microseconds;

constexpr std::size_t max_arguments = 32;

command parse(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv{"loopscope"};
  for (const std::string& each : arguments) argv.push_back(each.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

bool is_address(const listen_address& address) {
  boost::system::error_code wrong;
  boost::asio::ip::make_address(address.host, wrong);
  return !wrong;
}

/// --name=value for each member of the configuration as it is printed.
std::vector<std::string> as_flags(const serve_config& config) {
  std::vector<std::string> flags;
  const auto printed = nlohmann::ordered_json::parse(to_json_text(config));
  for (const auto& [key, value] : printed.items()) {
    if (key == "container") continue;  // not a flag
    if (key == "allowed_hosts") {
      for (const auto& host : value) flags.push_back("--allowed-host=" + host.get<std::string>());
      continue;
    }
    std::string name = key;
    std::string unit;
    if (name.ends_with("_ms")) {
      name.resize(name.size() - 3);
      if (value.is_number()) unit = "ms";
    }
    std::replace(name.begin(), name.end(), '_', '-');
    flags.push_back("--" + name + "=" + (value.is_string() ? value.get<std::string>() : value.dump()) + unit);
  }
  return flags;
}

bool is_utf8(const std::string& text) {
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

void check(const serve_config& config) {
  require(is_address(config.listen) && (!config.admin || is_address(*config.admin)), "a listener has an address");
  require(config.io_threads >= 1 && config.pool_threads >= 1, "there are threads");
  require(config.limits.max_count >= 1 && config.limits.max_writes >= 1 && config.clients.max_connections >= 1,
          "no limit is zero");
  require(config.clients.max_target_bytes >= 1 && config.clients.max_header_bytes >= 256 &&
              config.clients.max_header_bytes <= 1 << 20 && config.clients.max_header_fields >= 1,
          "a header has room, and within bounds");
  for (const microseconds each :
       {config.clients.header_timeout, config.clients.body_timeout, config.clients.idle_timeout,
        config.clients.write_timeout, config.clients.linger_timeout, config.stall_threshold, config.shutdown_grace})
    require(each > microseconds{0} && each < std::chrono::hours{24 * 366}, "a time is above zero and within a year");
  require(!config.data_dir.empty(), "there is a directory");

  const std::string text = to_json_text(config);
  if (!is_utf8(config.data_dir.string())) return;  // JSON cannot hold its name
  const command again = parse(as_flags(config));
  const auto* serving = std::get_if<serve_command>(&again);
  require(serving != nullptr, "the printed configuration can be given");
  require(to_json_text(serving->config) == text, "the printed configuration is the effective one");
}

void check(const early_exit& exit) {
  require(exit.exit_code == exit_done || exit.exit_code == exit_bad_usage,
          "the exit code is that of success or of wrong usage");
  require(!(exit.exit_code == exit_done ? exit.out : exit.err).empty(), "there is a text for the exit");
}

void check(const write_command& writing) {
  require(writing.request.count >= 1 && writing.request.high_water_mark_bytes >= 1 && writing.pool_threads >= 1,
          "there is something to write and somebody to write it");
  require(!writing.request.slice || *writing.request.slice > microseconds{0}, "a slice takes time");
}

void check(const healthcheck_command& checking) {
  require(checking.timeout > microseconds{0}, "a time is above zero");
}

void check(const watch_command& watching) {
  require(!watching.command.empty(), "there is something to watch");
  require(watching.threshold > microseconds{0} && watching.fail_above.value_or(microseconds{1}) > microseconds{0},
          "a time is above zero");
  require(!watching.admin || is_address(*watching.admin), "the live page has an address");
}

}  // namespace
}  // namespace loopscope::config

/// One argument a line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> arguments(1);
  for (const char c : loopscope::fuzz::as_text(data, size)) {
    if (c == '\0') return 0;  // no argument can hold one
    if (c != '\n') {
      arguments.back() += c;
    } else if (arguments.size() < loopscope::config::max_arguments) {
      arguments.emplace_back();
    }
  }
  const auto parsed = loopscope::config::parse(arguments);
  std::visit(
      [](const auto& each) {
        if constexpr (requires { each.config; }) {
          loopscope::config::check(each.config);
        } else {
          loopscope::config::check(each);
        }
      },
      parsed);
  return 0;
}
