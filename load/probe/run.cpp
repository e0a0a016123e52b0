// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <functional>
#include <sstream>
#include <system_error>

#include "addresses.hpp"
#include "report/output_file.hpp"
#include "report/report.hpp"
#include "server/support/standard_streams.hpp"

namespace loopscope::probe {
namespace {

constexpr const char* program = "loopscope-probe";
/// With fewer descriptors the error would name an operation that has nothing to do with them.
constexpr std::size_t min_descriptors = 16;

std::size_t expected_requests(const run_options& options) {
  const double mean = options.rate_per_s * std::chrono::duration<double>(options.duration).count();
  return static_cast<std::size_t>(mean + 6 * std::sqrt(mean)) + 1;
}

self_check check_of(const run_result& result) {
  self_check check;
  check.scheduled = result.sums.scheduled;
  check.late = result.sums.late;
  check.lateness_max_us = result.sums.lateness_us.max();
  check.latency_max_us = std::max(result.sums.latency_us.max(), result.sums.unexpected_latency_us.max());
  check.thread_busy = result.thread_busy;
  check.not_running = result.not_running;
  check.skipped = result.sums.skipped;
  check.local_failures = result.sums.failed_by_cause[static_cast<std::size_t>(failure_cause::local)];
  return check;
}

load_run::settings settings_of(const run_options& options, const target_addresses& addresses) {
  load_run::settings settings;
  settings.addresses = options.spread ? addresses.all : std::vector<endpoint>{addresses.all[addresses.chosen]};
  settings.request_bytes = request_text(options.target, options.request);
  settings.duration = options.duration;
  settings.drain = options.drain;
  settings.connections = options.connections;
  settings.max_connections = options.max_connections;
  settings.idempotent = is_idempotent(options.request.method);
  settings.format.has_body = options.request.method != "HEAD";
  settings.expect = options.expect;
  return settings;
}

trigger::message message_of(const http_url& url, const http_request& request) {
  return {request_text(url, request), is_idempotent(request.method), request.method != "HEAD"};
}

std::vector<measured_address> measured_addresses(bool spread, const target_addresses& addresses,
                                                 const std::vector<load_run::address_use>& uses) {
  std::vector<measured_address> all;
  auto use = uses.begin();
  for (std::size_t i = 0; i < addresses.all.size(); ++i) {
    all.push_back({address_text(addresses.all[i]), spread || i == addresses.chosen});
    if (all.back().measured) all.back().use = *use++;
  }
  return all;
}

run_result measure(const run_options& options, ledger& records) {
  run_result result;
  result.options = options;
  const auto addresses = blocking_find_addresses(options.target, options.unix_socket);
  if (!addresses) {
    result.connect_error = addresses.error().message();
    return result;
  }

  asio::io_context loop{1};
  std::optional<trigger> extra;
  if (options.trigger) {
    extra.emplace(loop.get_executor(), addresses->all[addresses->chosen], message_of(options.target, *options.trigger),
                  options.trigger_at);
  }
  load_run load(loop, settings_of(options, *addresses),
                schedule(options.kind, options.rate_per_s, options.duration, options.seed), records,
                extra ? &*extra : nullptr);
  foreground main_thread(options.duration, options.quiet, records.live());
  load.prepare([&](clock::time_point start) {
    result.started = std::chrono::system_clock::now() +
                     std::chrono::duration_cast<std::chrono::system_clock::duration>(start - clock::now());
    main_thread.started(start);
  });
  {
    sender_thread sender(loop, [&main_thread] { main_thread.stop(); });
    result.signal = main_thread.run([&] { asio::post(loop, [&load] { load.interrupt(); }); });
    result.scheduling = sender.join();
  }

  const auto& outcome = load.outcome();
  result.reached = outcome.reached;
  if (!outcome.reached) result.connect_error = outcome.connect_error.message();
  result.measured_until = outcome.measured_until;
  result.interrupted = outcome.interrupted;
  result.thread_busy = outcome.thread_busy;
  result.not_running = outcome.not_running;
  result.addresses = measured_addresses(options.spread, *addresses, outcome.addresses);
  result.connections_opened = load.pool().opened();
  result.connections_peak = load.pool().peak();
  result.max_queue = load.pool().max_queue();
  result.sums = summarize(records.records(), outcome.measured_until);
  if (extra) result.trigger = extra->record();
  result.bottleneck = bottleneck_reasons(check_of(result));
  return result;
}

/// A report that cannot be written must not prevent the others. Returns whether it was written.
bool write_report(output_file& file, const std::function<void(std::ostream&)>& writer) {
  try {
    file.write(writer);
    return true;
  } catch (const std::system_error& failure) {
    print_error(program, failure.what());
    return false;
  }
}

int exit_code(const run_result& result) {
  if (result.signal != 0) return exit_by_signal + result.signal;
  if (!result.reached) return exit_not_reachable;
  const summary& sums = result.sums;
  return sums.error_rate && *sums.error_rate > result.options.max_error_rate ? exit_too_many_errors : exit_done;
}

void explain(int code, const run_result& result) {
  const run_options& options = result.options;
  const summary& sums = result.sums;
  std::ostringstream text;
  if (code == exit_not_reachable) {
    text << "cannot reach " << options.url << (options.unix_socket ? " at " + *options.unix_socket : "") << ": "
         << result.connect_error;
  } else if (code == exit_too_many_errors) {
    text << sums.errors << " errors (" << sums.failed << " requests failed, " << sums.unexpected
         << " responses have another status than " << options.expect.text() << "), a share of " << *sums.error_rate
         << "; allowed: " << options.max_error_rate;
  } else {
    return;
  }
  print_error(program, text.str());
}

}  // namespace

int run(const run_options& options) {
  const std::string missing = missing_descriptors(min_descriptors, "to measure");
  if (!missing.empty()) return loopscope::fail(program, missing);
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a failed write, and the other reports must still be written
  output_file json(options.json_file);
  output_file csv(options.csv_file);
  output_file hgrm(options.hgrm_file);

  ledger records(expected_requests(options));
  const run_result result = measure(options, records);

  const bool stdout_taken = options.json_file == "-" || options.csv_file == "-" || options.hgrm_file == "-";
  bool written = true;
  if (result.reached && stdout_taken) std::fputs(table_text(result).c_str(), stderr);
  if (result.reached && !stdout_taken) written = blocking_print(program, table_text(result));
  written &= write_report(json, [&result](std::ostream& out) { out << json_text(result); });
  written &= write_report(csv, [&records](std::ostream& out) { write_csv(out, records.records()); });
  written &= write_report(hgrm, [&result](std::ostream& out) { write_hgrm(out, result.sums); });

  const int code = exit_code(result);
  explain(code, result);
  return written ? code : exit_could_not_run;
}

}  // namespace loopscope::probe
