// SPDX-License-Identifier: MIT

#include <array>
#include <cstdio>
#include <iterator>
#include <sstream>

#include "load/probe/text.hpp"
#include "report.hpp"

namespace loopscope::probe {
namespace {

constexpr std::size_t width = 80;
constexpr std::array<std::pair<const char*, double>, 4> columns{
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

std::string padded(std::string_view text, int size) {
  char cell[64];
  std::snprintf(cell, sizeof cell, "%*.*s", size, static_cast<int>(text.size()), text.data());
  return cell;
}

/// Shortens text that may be long, such as a URL, to `size` bytes.
std::string cut(const std::string& text, std::size_t size) {
  return text.size() <= size ? text : text.substr(0, size - 3) + "...";
}

std::string title_line() {
  std::string line = padded("", -14);
  for (const auto& [title, quantile] : columns) line += padded(title, 11);
  return line + padded("max", 11) + padded("mean", 11) + "\n";
}

std::string figures_line(std::string_view label, const percentiles& sample) {
  std::string line = padded(label, -14);
  for (const auto& [title, quantile] : columns) line += padded(duration_text(sample.at(quantile)), 11);
  return line + padded(duration_text(sample.max()), 11) + padded(duration_text(sample.mean()), 11) + "\n";
}

/// Joins items with `gap` to lines that fit the width. Lines after the first are indented with spaces.
std::string filled(const std::string& indent, const std::vector<std::string>& items, const std::string& gap) {
  std::string text;
  std::string line = indent;
  bool empty = true;
  for (const auto& item : items) {
    if (!empty && line.size() + gap.size() + item.size() > width) {
      text += line + "\n";
      line = std::string(indent.size(), ' ');
      empty = true;
    }
    if (!empty) line += gap;
    line += item;
    empty = false;
  }
  return text + line + "\n";
}

std::string list_lines(const std::string& label, const std::vector<std::string>& items) {
  return filled(padded(label, -14), items, "  ");
}

std::string paragraph(const std::string& indent, const std::string& sentence) {
  std::istringstream in(sentence);
  return filled(indent, {std::istream_iterator<std::string>(in), {}}, " ");
}

std::string requests_lines(const summary& sums) {
  std::vector<std::string> counts{
      with_commas(sums.scheduled) + " scheduled", with_commas(sums.sent) + " sent",
      with_commas(sums.late) + " late",           with_commas(sums.completed) + " completed",
      with_commas(sums.failed) + " failed",       with_commas(sums.waiting) + " waiting at the end"};
  if (sums.unexpected > 0) counts.push_back(with_commas(sums.unexpected) + " unexpected");
  if (sums.repeated > 0) counts.push_back(with_commas(sums.repeated) + " repeated");
  if (sums.skipped > 0) counts.push_back(with_commas(sums.skipped) + " skipped");
  std::string text = list_lines("requests", counts);
  if (sums.failed > 0) {
    std::vector<std::string> causes;
    for (const auto cause : all_failure_causes()) {
      const std::size_t count = sums.failed_by_cause[static_cast<std::size_t>(cause)];
      if (count > 0) causes.push_back(with_commas(count) + " " + std::string(name(cause)));
    }
    text += list_lines("failed", causes);
  }
  std::vector<std::string> statuses;
  for (const auto& [status, count] : sums.status)
    statuses.push_back(std::to_string(status) + ": " + with_commas(count));
  if (!statuses.empty()) text += list_lines("status", statuses);
  return text;
}

std::string expectation(const run_result& result) {
  return cut(result.options.expect.text(), width / 2);
}

/// The addresses that were measured, and the other addresses of the host.
std::string address_lines(const run_result& result) {
  std::string text;
  std::vector<std::string> others;
  for (const auto& address : result.addresses) {
    std::vector<std::string> items{cut(address.text, width - 14)};
    if (!address.measured) {
      others.push_back(items[0]);
      continue;
    }
    if (result.options.spread) {
      items.push_back(with_commas(address.use.connections) + " connections");
      if (address.use.unreached > 0) items.push_back(with_commas(address.use.unreached) + " failed");
      items.push_back(with_commas(address.use.requests) + " requests");
    }
    text += list_lines(text.empty() ? "address" : "", items);
  }
  if (!others.empty()) text += list_lines("not measured", others);
  return text;
}

/// A warning if most of the ended requests were errors: the percentiles then describe a minority.
std::string warning_of_errors(const run_result& result) {
  const summary& sums = result.sums;
  if (!sums.error_rate || *sums.error_rate <= 0.5) return {};
  std::string text = "\n*** MOST REQUESTS DID NOT GET WHAT THEY ASKED FOR. ***\n";
  if (sums.unexpected > 0) {
    text += paragraph("  - ", with_commas(sums.unexpected) + " of " + with_commas(sums.completed) +
                                  " responses have another status than " + expectation(result));
  }
  if (sums.failed > 0) text += paragraph("  - ", "failed requests: " + with_commas(sums.failed));
  return text;
}

std::string trigger_lines(const run_result& result) {
  if (!result.trigger) return {};
  const auto seconds = [](std::optional<std::chrono::nanoseconds> time) {
    return time ? with_decimals(std::chrono::duration<double>(*time).count(), 3) + " s" : std::string("n/a");
  };
  const trigger_record& trigger = *result.trigger;
  std::vector<std::string> parts{"started " + seconds(trigger.started), "ended " + seconds(trigger.ended)};
  if (trigger.repeated) parts.emplace_back("repeated");
  if (trigger.status) parts.emplace_back("status " + std::to_string(*trigger.status));
  if (!trigger.error.empty()) parts.push_back(cut(trigger.error, width - 20));
  return list_lines("trigger", {cut(result.options.trigger_text, width - 14)}) + list_lines("", parts);
}

}  // namespace

std::string table_text(const run_result& result) {
  const run_options& options = result.options;
  std::string text = cut(options.request.method + " " + options.url, width) + "\n";
  const bool whole_rate = options.rate_per_s == static_cast<double>(static_cast<std::uint64_t>(options.rate_per_s));
  text +=
      whole_rate ? with_commas(static_cast<std::uint64_t>(options.rate_per_s)) : with_decimals(options.rate_per_s, 2);
  text +=
      std::string(" requests per second, ") + (options.kind == schedule_kind::uniform ? "evenly" : "Poisson") +
      ", for " + duration_text(static_cast<double>(options.duration.count())) +
      (result.interrupted ? ", INTERRUPTED after " +
                                duration_text(std::chrono::duration<double, std::micro>(result.measured_until).count())
                          : "") +
      "\n\n";
  text += title_line() + figures_line("latency", result.sums.latency_us) +
          figures_line("service time", result.sums.service_time_us);
  if (result.sums.unexpected > 0) text += figures_line("unexpected", result.sums.unexpected_latency_us);
  text += figures_line("own lateness", result.sums.lateness_us) + "\n";
  text += requests_lines(result.sums);
  std::vector<std::string> sockets{with_commas(options.connections) + " at the start",
                                   with_commas(result.connections_opened) + " opened in total",
                                   with_commas(result.connections_peak) + " at the same time"};
  if (result.max_queue > 0) sockets.push_back("up to " + with_commas(result.max_queue) + " requests in the queue");
  text += list_lines("connections", sockets);
  text += address_lines(result);
  text += trigger_lines(result);
  text +=
      "\n" + paragraph("",
                       "Latency counts from the scheduled time of a request, service time from its sending; a "
                       "closed-loop tool sees service time only. Both contain the responses with status " +
                           expectation(result) + " and requests without a response, with their age at the end." +
                           (result.sums.unexpected > 0 ? " Unexpected is the latency of the other responses." : ""));
  text += warning_of_errors(result);
  if (!result.bottleneck.empty()) {
    text +=
        "\n*** THE PROBE WAS THE BOTTLENECK: these figures are not the "
        "server's. ***\n";
    for (const auto& reason : result.bottleneck) text += paragraph("  - ", reason);
  }
  return text;
}

}  // namespace loopscope::probe
