// SPDX-License-Identifier: MIT

#include "text_table.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "printable_text.hpp"

namespace loopscope::watch {
namespace {

/// Where a text as wide as this one does not fit beside them, the figures stand closer together.
constexpr std::size_t max_wanted_width = 24;

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

text_table::text_table(std::string header, std::vector<column> figures)
    : header_(std::move(header)), columns_(std::move(figures)) {
  for (const auto& each : columns_) widths_.push_back(columns(each.header));
}

void text_table::set_header_above(std::size_t first, std::size_t last, std::string text) {
  above_ = header_above{first, last, std::move(text)};
}

void text_table::add_row(fitted_text text, std::vector<std::string> figures) {
  for (std::size_t i = 0; i < widths_.size(); ++i) widths_[i] = std::max(widths_[i], columns(figures[i]));
  rows_.push_back({std::move(text), std::move(figures)});
}

void text_table::add_line(std::string line) {
  rows_.push_back({[line = std::move(line)](std::size_t) { return line; }, {}});
}

std::size_t text_table::figures_width(std::size_t gap) const {
  return std::accumulate(widths_.begin(), widths_.end(), widths_.size() * gap);
}

std::string text_table::line_above(std::size_t gap) const {
  const auto begin = widths_.begin() + static_cast<std::ptrdiff_t>(above_->first);
  const auto end = widths_.begin() + static_cast<std::ptrdiff_t>(above_->last) + 1;
  const auto left =
      text_width - figures_width(gap) + std::accumulate(widths_.begin(), begin, above_->first * gap) + gap;
  const auto width = std::accumulate(begin, end, (above_->last - above_->first) * gap);
  const auto used = columns(above_->text);
  return std::string(left + (width > used ? (width - used + 1) / 2 : 0), ' ') + above_->text + '\n';
}

std::string text_table::row_text(const std::string& text, const std::vector<std::string>& figures,
                                 std::size_t gap) const {
  auto out = align_left(text, text_width - figures_width(gap));
  for (std::size_t i = 0; i < figures.size(); ++i) {
    out.append(gap, ' ');
    out += columns_[i].is_text ? align_left(figures[i], widths_[i]) : align_right(figures[i], widths_[i]);
  }
  return without_trailing_spaces(std::move(out)) + '\n';
}

std::size_t text_table::wanted_width() const {
  auto wanted = columns(header_);
  for (const auto& each : rows_)
    if (!each.figures.empty()) wanted = std::max(wanted, columns(each.text(max_wanted_width)));
  return wanted;
}

std::string text_table::text() const {
  const std::size_t gap = figures_width(2) + wanted_width() <= text_width ? 2 : 1;
  const auto room = text_width - figures_width(gap);
  std::vector<std::string> headers;
  for (const auto& each : columns_) headers.push_back(each.header);
  auto out = above_ ? line_above(gap) : std::string{};
  out += row_text(header_, headers, gap) + std::string(text_width, '-') + '\n';
  for (const auto& each : rows_)
    out += each.figures.empty() ? each.text(text_width) + '\n' : row_text(each.text(room), each.figures, gap);
  return out;
}

}  // namespace loopscope::watch
