// SPDX-License-Identifier: MIT

#include "prometheus.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace loopscope::monitor {
namespace {

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

template <class Number>
void append_number(std::string& text, Number value) {
  std::array<char, 32> digits;
  text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
}

/// The lines of one metric.
class metric_lines {
 public:
  metric_lines(std::string_view name, std::string_view type, std::string_view help) : name_(name) {
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ");
    text_.append(name).append(" ").append(type).append("\n");
  }

  template <class Number>
  void add(std::string_view loop, Number value, std::string_view suffix = {}) {
    start(loop, suffix);
    finish(value);
  }

  template <class Number>
  void add(std::string_view loop, std::string_view label, std::string_view label_value, Number value,
           std::string_view suffix = {}) {
    start(loop, suffix);
    text_.append(",").append(label).append("=\"").append(label_value).append("\"");
    finish(value);
  }

  const std::string& text() const { return text_; }

 private:
  void start(std::string_view loop, std::string_view suffix) {
    text_.append(name_).append(suffix).append("{loop=\"");
    append_escaped(text_, loop);
    text_ += '"';
  }

  template <class Number>
  void finish(Number value) {
    text_ += "} ";
    append_number(text_, value);
    text_ += '\n';
  }

  std::string_view name_;
  std::string text_;
};

std::string bound_text(double seconds) {
  std::string out;
  append_number(out, seconds);
  return out;
}

void add_handlers(metric_lines& lines, const named_snapshot& loop) {
  if (!loop.figures.handlers) return;
  const auto& handlers = *loop.figures.handlers;
  for (std::size_t i = 0; i < handler_bounds_s.size(); ++i)
    lines.add(loop.name, "le", bound_text(handler_bounds_s[i]), handlers.buckets[i], "_bucket");
  lines.add(loop.name, "le", "+Inf", handlers.count, "_bucket");
  lines.add(loop.name, seconds(handlers.sum), "_sum");
  lines.add(loop.name, handlers.count, "_count");
}

}  // namespace

void prometheus_exporter::rising_values::update(const snapshot& figures) {
  const lag_figures& lag = figures.total.corrected;
  for (std::size_t i = 0; i < lag.buckets.size(); ++i) lag_counts[i] = std::max(lag_counts[i], lag.buckets[i]);
  lag_counts.back() = std::max(lag_counts.back(), lag.count);
  lag_sum = std::max(lag_sum, lag.sum);
  std::chrono::nanoseconds now_stalled = figures.stalled_for;
  for (const verdict_counter& each : figures.by_verdict) now_stalled += each.total;
  stalled = std::max(stalled, now_stalled);
  capacity_lost = std::max(capacity_lost, figures.capacity_lost);
}

std::string prometheus_exporter::text(const std::vector<named_snapshot>& loops) {
  metric_lines lag{"loopscope_loop_lag_seconds", "histogram",
                   "How late the loop ran a handler: one sample per deadline, including missed ones."};
  metric_lines stalled{"loopscope_loop_stalled_seconds", "gauge",
                       "Duration of the stall in progress; 0 without a stall."};
  metric_lines stalls{"loopscope_loop_stalls_total", "counter", "Stalls that have ended, by cause."};
  metric_lines stall_time{"loopscope_loop_stall_seconds_total", "counter",
                          "Time spent in stalls, including the one in progress."};
  metric_lines threads{"loopscope_loop_threads", "gauge", "Threads that run the loop."};
  metric_lines blocked{"loopscope_loop_blocked_threads", "gauge", "Threads of the loop that are in a stall now."};
  metric_lines lost{"loopscope_loop_capacity_lost_seconds_total", "counter",
                    "Time in stalls, summed over the threads of the loop, including the stalls in progress."};
  metric_lines handlers{"loopscope_loop_handler_seconds", "histogram",
                        "How long handlers took; only of loops that count them."};
  std::erase_if(rising_, [&loops](const auto& known) {
    return std::ranges::find(loops, known.first, &named_snapshot::name) == loops.end();
  });
  for (const named_snapshot& each : loops) {
    rising_values& rising = rising_[each.name];
    rising.update(each.figures);
    for (std::size_t i = 0; i < lag_bounds_s.size(); ++i) {
      lag.add(each.name, "le", bound_text(lag_bounds_s[i]), rising.lag_counts[i], "_bucket");
    }
    lag.add(each.name, "le", "+Inf", rising.lag_counts.back(), "_bucket");
    lag.add(each.name, seconds(rising.lag_sum), "_sum");
    lag.add(each.name, rising.lag_counts.back(), "_count");
    stalled.add(each.name, seconds(each.figures.stalled_for));
    stall_time.add(each.name, seconds(rising.stalled));
    for (std::size_t i = 0; i < verdict_count; ++i)
      stalls.add(each.name, "verdict", to_string(static_cast<verdict>(i)), each.figures.by_verdict[i].stalls);
    threads.add(each.name, each.figures.threads);
    blocked.add(each.name, each.figures.blocked_threads);
    lost.add(each.name, seconds(rising.capacity_lost));
    add_handlers(handlers, each);
  }
  const bool has_handlers =
      std::ranges::any_of(loops, [](const auto& each) { return each.figures.handlers.has_value(); });
  return lag.text() + stalled.text() + stalls.text() + stall_time.text() + threads.text() + blocked.text() +
         lost.text() + (has_handlers ? handlers.text() : "");
}

}  // namespace loopscope::monitor
