// SPDX-License-Identifier: MIT

#include "command_environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "preload/watch_map.hpp"

namespace loopscope::watch {
namespace {

// Without "only-functions", Node.js leaves a log in the program's folder.
constexpr std::array<std::string_view, 2> node_flags{"--perf-basic-prof-only-functions",
                                                     "--interpreted-frames-native-stack"};

/// The value of a variable; empty when it is not set. The first of several counts, as for getenv(3).
std::string value_of(const environment& variables, const std::string& name) {
  const auto found = std::ranges::find_if(variables, [&](const auto& each) { return each.starts_with(name + "="); });
  return found == variables.end() ? std::string{} : found->substr(name.size() + 1);
}

void set(environment& variables, const std::string& name, const std::string& value) {
  std::erase_if(variables, [&](const auto& each) { return each.starts_with(name + "="); });
  variables.push_back(name + "=" + value);
}

bool has_word(const std::string& text, std::string_view word) {
  return (" " + text + " ").find(" " + std::string{word} + " ") != std::string::npos;
}

void add_library(command_environment& out, const std::string& library) {
  const std::string before = value_of(out.variables, "LD_PRELOAD");
  set(out.variables, "LD_PRELOAD", before.empty() ? library : library + ":" + before);
  out.added.push_back("LD_PRELOAD=" + library);
}

void add_node_flags(command_environment& out) {
  std::string options = value_of(out.variables, "NODE_OPTIONS");
  std::string added;
  for (const auto flag : node_flags)
    if (!has_word(options, flag)) added.append(added.empty() ? "" : " ").append(flag);
  if (added.empty()) return;
  set(out.variables, "NODE_OPTIONS", options.empty() ? added : options + " " + added);
  out.added.push_back("NODE_OPTIONS=" + added);
}

void add_python_switch(command_environment& out) {
  if (!value_of(out.variables, "PYTHONPERFSUPPORT").empty()) return;
  set(out.variables, "PYTHONPERFSUPPORT", "1");
  out.added.emplace_back("PYTHONPERFSUPPORT=1");
}

}  // namespace

environment current_environment() {
  environment out;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) out.emplace_back(*each);
  return out;
}

command_environment make_command_environment(environment inherited, const environment_request& request) {
  command_environment out{std::move(inherited), {}};
  add_library(out, request.library);
  set(out.variables, map_variable, request.map);
  out.added.push_back(std::string{map_variable} + "=" + request.map);
  if (request.runtime_names) {
    add_node_flags(out);
    add_python_switch(out);
  }
  return out;
}

}  // namespace loopscope::watch
