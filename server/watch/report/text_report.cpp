// SPDX-License-Identifier: MIT

#include "text_report.hpp"

#include <string.h>

#include <algorithm>
#include <map>
#include <vector>

#include "culprit_text.hpp"
#include "loop_text.hpp"
#include "printable_text.hpp"
#include "quantity.hpp"
#include "server/watch/preload/watch_map.hpp"
#include "text_table.hpp"

namespace loopscope::watch {
namespace {

/// Processes that are named for one sentence. The others are counted.
constexpr std::size_t max_named_processes = 4;
constexpr std::size_t max_name_columns = 40;

std::string no_loop_sentence() {
  return "No thread waited for events often enough to be a loop: a loop returns at least " +
         std::to_string(returns_of_a_loop) +
         " times from epoll_wait, poll, select or one of their variants, called from the same place.";
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& each : words) out += (out.empty() ? "" : " ") + each;
  return out;
}

std::string signal_text(int number) {
  const char* name = ::sigabbrev_np(number);
  return name ? std::string{"SIG"} + name : "signal " + std::to_string(number);
}

std::string end_text(const watch_report& report) {
  const auto after = " after " + duration_text(report.watched) + '.';
  if (!report.exit) return " still runs" + after;
  if (report.exit->by_signal) return " was ended by " + signal_text(report.exit->number) + after;
  return " ended with status " + std::to_string(report.exit->number) + after;
}

std::string command_line(const watch_report& report) {
  const std::string begin = "loopscope: ";
  const auto end = end_text(report);
  return begin + shorten(printable(joined(report.command)), text_width - columns(begin) - columns(end)) + end + '\n';
}

std::string process_name(const process_figures& process) {
  return shorten(printable(process.command), max_name_columns) + " (" + std::to_string(process.pid) + ')';
}

/// "a (1)", "a (1) and b (2)", "a (1), b (2), c (3), d (4) and 36 more".
std::string list_of(const std::vector<const process_figures*>& processes) {
  const auto named = processes.size() > max_named_processes + 1 ? max_named_processes : processes.size();
  std::string out;
  for (std::size_t i = 0; i < named; ++i) {
    const bool last = i + 1 == processes.size();
    out += (i == 0 ? "" : last ? " and " : ", ") + process_name(*processes[i]);
  }
  if (named < processes.size()) out += " and " + std::to_string(processes.size() - named) + " more";
  return out;
}

std::string without_loop_text(const std::vector<process_figures>& processes) {
  std::vector<const process_figures*> found;
  for (const auto& each : processes)
    if (each.loops.empty() && each.unseen.empty()) found.push_back(&each);
  if (found.empty()) return {};
  return wrap("Without a loop: " + list_of(found) + '.', text_width, "", "  ");
}

/// Adds the stalls of loops. A count of 0 means that the stalls were looked for and not found.
std::uint64_t stalls_of(const watch_report& report) {
  std::uint64_t sum = 0;
  for (const auto& process : report.processes)
    for (const auto& loop : process.loops) sum += loop.stalls;
  return sum;
}

std::string loops_section(const watch_report& report) {
  const auto table = loop_text(report.processes);
  if (table.empty()) return '\n' + wrap(no_loop_sentence(), text_width, "", "");
  return '\n' + table + without_loop_text(report.processes);
}

std::string stalls_section(const watch_report& report) {
  if (const auto table = culprit_text(report); !table.empty()) return '\n' + table;
  const bool has_loop = std::ranges::any_of(report.processes, [](const auto& each) { return !each.loops.empty(); });
  if (!has_loop || stalls_of(report) > 0) return {};
  return "\nNo stall of " + duration_text(report.threshold) + " or more.\n";
}

std::string left_out_text(const watch_report& report) {
  if (report.stalls_left_out == 0) return {};
  return '\n' + wrap(count_text(report.stalls_left_out, "stall") + (report.stalls_left_out == 1 ? " is" : " are") +
                         " counted here, but too many to be in the JSON one by one.",
                     text_width, "", "");
}

std::string unseen_section(const std::vector<process_figures>& processes) {
  std::vector<std::string> sentences;  // in the order in which they came
  std::map<std::string, std::vector<const process_figures*>> by_sentence;
  for (const auto& process : processes) {
    for (const auto& each : process.unseen) {
      auto& of = by_sentence[each];
      if (of.empty()) sentences.push_back(each);
      if (of.empty() || of.back() != &process) of.push_back(&process);
    }
  }
  if (sentences.empty()) return {};
  std::string out = "\nNot seen:\n";
  for (const auto& each : sentences)
    out += wrap(list_of(by_sentence[each]) + ": " + printable(each), text_width, "  ", "    ");
  return out;
}

std::string added_section(const std::vector<std::string>& added) {
  if (added.empty()) return {};
  std::string out = "\nAdded to the command's environment:\n";
  for (const auto& each : added) out += "  " + shorten(printable(each), text_width - 2) + '\n';
  return out;
}

}  // namespace

std::string to_text(const watch_report& report) {
  return command_line(report) + loops_section(report) + stalls_section(report) + left_out_text(report) +
         unseen_section(report.processes) + added_section(report.added);
}

std::string stall_line(const monitor::stall_record& record) {
  return "loopscope: " + printable(record.sentence) + '\n';
}

}  // namespace loopscope::watch
