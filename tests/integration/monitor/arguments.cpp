// SPDX-License-Identifier: MIT

#include "arguments.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace lab {

std::string argument(int argc, char** argv, std::string_view name, std::string otherwise) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = argv[i];
    if (text.starts_with(name) && text.substr(name.size()).starts_with('=')) return argv[i] + name.size() + 1;
  }
  return otherwise;
}

loopscope::monitor::options settings(std::string name) {
  loopscope::monitor::options out;
  out.name = std::move(name);
  out.reports_per_minute = 1'000'000;
  out.on_stall = [](const loopscope::monitor::stall_record& r) {
    journal::get().add({{"report", {{"at_ns", ns_of(std::chrono::steady_clock::now())}, {"sentence", r.sentence}}}});
  };
  return out;
}

void print_port(unsigned port) {
  journal::get().add({{"port", port}});
}

void print_ready() {
  journal::get().add({{"ready", true}});
}

void print_end(const loopscope::monitor::snapshot& figures) {
  journal::get().add({{"end", {{"stalls", figures.total.stalls}, {"callback_errors", figures.callback_errors}}}});
  journal::get().print(true);
}

}  // namespace lab
