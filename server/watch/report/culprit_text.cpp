// SPDX-License-Identifier: MIT

#include "culprit_text.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "printable_text.hpp"
#include "quantity.hpp"
#include "server/monitor/explain/function_name.hpp"
#include "text_table.hpp"

namespace loopscope::watch {
namespace {

constexpr std::string_view no_own_frame = "(no frame of the program)";
constexpr std::string_view no_stack = "(no stack)";
/// A shorter name tells nothing: the path gives way.
constexpr std::size_t min_function_columns = 12;

std::string function_of(const culprit_figures& culprit) {
  if (!culprit.function.empty()) return printable(monitor::short_function(culprit.function));
  if (!culprit.file.empty()) return {};
  return std::string{culprit.has_stack ? no_own_frame : no_stack};
}

/// "handle (server.js:41)", of which the path is shortened first.
std::string place_text(const std::string& function, const std::string& file, const std::string& line,
                       std::size_t room) {
  if (file.empty()) return shorten(function, room);
  if (function.empty()) return shorten_path(file + line, room);
  constexpr std::size_t parentheses = 3;  // and a space
  const auto fixed = parentheses + line.size();
  const auto for_function = std::min(columns(function), std::max(min_function_columns, room / 2));
  const auto file_room = room > fixed + for_function ? room - fixed - for_function : 0;
  const auto shown_file = shorten_path(file, file_room);
  const auto used = fixed + columns(shown_file);
  return shorten(function, room > used ? room - used : 0) + " (" + shown_file + line + ')';
}

text_table::fitted_text fitted_place(const culprit_figures& culprit) {
  return [function = function_of(culprit), file = printable(culprit.file),
          line = culprit.line > 0 ? ':' + std::to_string(culprit.line) : std::string{}](std::size_t room) {
    return place_text(function, file, line, room);
  };
}

std::string detail_line(const culprit_figures& culprit) {
  if (!culprit.call.empty()) return "  " + shorten(printable(culprit.call), text_width - 2);
  if (culprit.native_frame.empty()) return {};
  return "  in " + shorten(printable(culprit.native_frame), text_width - 5);
}

other_culprits sum_of(std::span<const culprit_figures> culprits, other_culprits sum) {
  for (const auto& each : culprits) {
    sum.stalls += each.stalls;
    sum.total += each.total;
    sum.longest = std::max(sum.longest, each.longest);
  }
  return sum;
}

void add_culprit(text_table& table, const culprit_figures& culprit) {
  table.add_row(fitted_place(culprit), {std::string{monitor::to_string(culprit.verdict)}, count_text(culprit.stalls),
                                        duration_text(culprit.longest), duration_text(culprit.total)});
  if (auto detail = detail_line(culprit); !detail.empty()) table.add_line(std::move(detail));
}

void add_others(text_table& table, const other_culprits& others) {
  if (others.stalls == 0) return;
  table.add_row([](std::size_t room) { return shorten("other places", room); },
                {"", count_text(others.stalls), duration_text(others.longest), duration_text(others.total)});
}

}  // namespace

std::string culprit_text(const watch_report& report) {
  const auto listed = std::min(report.culprits.size(), max_listed_culprits);
  const auto others = sum_of(std::span{report.culprits}.subspan(listed), report.others);
  if (listed == 0 && others.stalls == 0) return {};
  text_table table{"what blocked", {{"verdict", true}, {"stalls"}, {"longest"}, {"blocked"}}};
  for (const auto& each : std::span{report.culprits}.first(listed)) add_culprit(table, each);
  add_others(table, others);
  return table.text();
}

}  // namespace loopscope::watch
