#include "session.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <functional>
#include <iostream>
#include <system_error>

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
  return run.sums.error_rate && *run.sums.error_rate > run.asked.max_error_rate ? exit_too_many_errors : exit_done;
}

/// One report that cannot be written must not cost the others. Answers whether it was written.
bool write_report(output_file& file, const std::function<void(std::ostream&)>& writer) {
  try {
    file.write(writer);
    return true;
  } catch (const std::system_error& failure) {
    std::cerr << "loopscope-probe: " << failure.what() << '\n';
    return false;
  }
}

}  // namespace

int run_session(const options& asked) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is a failed write, and the other reports are still due
  output_file json(asked.json_file);
  output_file csv(asked.csv_file);
  output_file hgrm(asked.hgrm_file);
  raise_descriptor_limit(asked.max_connections);

  ledger account(expected_requests(asked));
  int ended_by_signal = 0;
  const measurement run = measure(asked, account, ended_by_signal);

  const bool stdout_taken = asked.json_file == "-" || asked.csv_file == "-" || asked.hgrm_file == "-";
  bool written = true;
  if (run.reached && stdout_taken) std::cerr << table_text(run);
  if (run.reached && !stdout_taken) written = blocking_print("loopscope-probe", table_text(run));
  written &= write_report(json, [&run](std::ostream& out) { out << json_text(run); });
  written &= write_report(csv, [&account](std::ostream& out) { write_csv(out, account.records()); });
  written &= write_report(hgrm, [&run](std::ostream& out) { write_hgrm(out, run.sums); });

  const int code = exit_code(run, ended_by_signal);
  if (code == exit_not_reachable) {
    std::cerr << "loopscope-probe: cannot reach " << asked.url << (asked.unix_socket ? " at " + *asked.unix_socket : "")
              << ": " << run.unreached_because << '\n';
  }
  if (code == exit_too_many_errors) {
    std::cerr << "loopscope-probe: " << run.sums.errors << " errors (" << run.sums.failed << " requests failed, "
              << run.sums.unexpected << " answers have another status than " << asked.expect.text() << "), a share of "
              << *run.sums.error_rate << "; allowed: " << asked.max_error_rate << '\n';
  }
  return written ? code : exit_could_not_run;
}

}  // namespace loopscope::probe
