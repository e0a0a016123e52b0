// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace loopscope::watch {

/// How wide all text of `loopscope watch` is at most.
inline constexpr std::size_t text_width = 80;

/// A table of text_width columns: a text on the left, figures beside it that are as wide as their content.
class text_table {
 public:
  /// Makes a text that fits into that many columns.
  using fitted_text = std::function<std::string(std::size_t)>;

  struct column {
    std::string header;
    bool is_text = false;  ///< aligned to the left
  };

  text_table(std::string header, std::vector<column> figures);

  /// Writes a text in the middle above the figures from `first` to `last`.
  void set_header_above(std::size_t first, std::size_t last, std::string text);
  /// `figures`: one for each column.
  void add_row(fitted_text text, std::vector<std::string> figures);
  /// A line of its own over the whole width.
  void add_line(std::string line);

  std::string text() const;

 private:
  struct row {
    fitted_text text;
    std::vector<std::string> figures;  ///< empty: a line of its own
  };
  struct header_above {
    std::size_t first;
    std::size_t last;
    std::string text;
  };

  std::size_t wanted_width() const;
  std::size_t figures_width(std::size_t gap) const;
  std::string line_above(std::size_t gap) const;
  std::string row_text(const std::string& text, const std::vector<std::string>& figures, std::size_t gap) const;

  std::string header_;
  std::vector<column> columns_;
  std::vector<std::size_t> widths_;
  std::optional<header_above> above_;
  std::vector<row> rows_;
};

}  // namespace loopscope::watch
