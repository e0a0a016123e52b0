#include "session.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "command_line.hpp"
#include "measure.hpp"
#include "output_file.hpp"
#include "reports.hpp"
#include "server/support/standard_streams.hpp"

namespace loopscope::probe {
namespace {

/// A connection is a file descriptor, and shells give few by default.
void raise_descriptor_limit(std::size_t connections) {
  constexpr std::size_t others = 64;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, std::max<rlim_t>(limit.rlim_cur, connections + others));
  setrlimit(RLIMIT_NOFILE, &limit);  // in vain: the requests concerned fail as `local`, which the report says
}

std::size_t expected_requests(const options& asked) {
  const double mean = asked.rate_per_s * std::chrono::duration<double>(asked.duration).count();
  return static_cast<std::size_t>(mean + 6 * std::sqrt(mean)) + 1;
}

int exit_code(const measurement& run, int ended_by_signal) {
  if (ended_by_signal != 0) return exit_by_signal + ended_by_signal;
  if (!run.reached) return exit_not_reachable;
  return run.sums.error_rate.value_or(0) > run.asked.max_error_rate ? exit_too_many_errors : exit_done;
}

}  // namespace

int run_session(const options& asked) {
  output_file json(asked.json_file);
  output_file csv(asked.csv_file);
  output_file hgrm(asked.hgrm_file);
  raise_descriptor_limit(asked.max_connections);

  ledger account(expected_requests(asked));
  int ended_by_signal = 0;
  const measurement run = measure(asked, account, ended_by_signal);

  const bool stdout_taken = asked.json_file == "-" || asked.csv_file == "-" || asked.hgrm_file == "-";
  bool printed = true;
  if (run.reached && stdout_taken) std::cerr << table_text(run);
  if (run.reached && !stdout_taken) printed = blocking_print("loopscope-probe", table_text(run));
  json.write([&run](std::ostream& out) { out << json_text(run); });
  csv.write([&account](std::ostream& out) { write_csv(out, account.records()); });
  hgrm.write([&run](std::ostream& out) { write_hgrm(out, run.sums.latency_us); });

  const int code = exit_code(run, ended_by_signal);
  if (code == exit_not_reachable) {
    std::cerr << "loopscope-probe: cannot reach " << asked.url << ": " << run.unreached_because << '\n';
  }
  if (code == exit_too_many_errors) {
    std::cerr << "loopscope-probe: " << run.sums.errors << " errors, a share of " << *run.sums.error_rate
              << "; allowed: " << asked.max_error_rate << '\n';
  }
  return printed ? code : exit_could_not_run;
}

}  // namespace loopscope::probe
