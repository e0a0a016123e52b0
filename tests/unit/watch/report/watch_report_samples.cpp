// SPDX-License-Identifier: MIT

#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "sample_reports.hpp"
#include "server/watch/report/json_report.hpp"
#include "server/watch/report/text_report.hpp"

/// watch_report_samples text|json NAME. Prints a report.
int main(int argc, char** argv) {
  namespace samples = loopscope::watch::samples;
  const std::map<std::string_view, loopscope::watch::watch_report (*)()> all{
      {"node", samples::node},           {"nginx", samples::nginx},     {"forty", samples::forty_processes},
      {"memcached", samples::memcached}, {"no_loop", samples::no_loop}, {"hostile", samples::hostile}};
  if (argc != 3 || !all.contains(argv[2])) {
    for (const auto& each : all) std::puts(std::string{each.first}.c_str());
    return argc == 1 ? 0 : 2;
  }
  const auto report = all.at(argv[2])();
  const bool as_json = std::string_view{argv[1]} == "json";
  const auto text = as_json ? loopscope::watch::to_json_text(report) : loopscope::watch::to_text(report);
  return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
}
