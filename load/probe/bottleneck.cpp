#include "bottleneck.hpp"

#include "text.hpp"

namespace loopscope::probe {
namespace {

// Above this share, p99 is no longer the server's.
constexpr double most_late = 0.01;
// A thread that is busier than this sends and reads on queues of its own.
constexpr double most_busy = 0.9;
// A highest latency of which this share is the probe's own says little of the server; below the floor nobody minds.
constexpr double most_of_the_maximum = 0.5;
constexpr double maximum_floor_us = 10'000;

std::string percent(double share) {
  return with_decimals(share * 100, 1) + "%";
}

}  // namespace

std::vector<std::string> bottleneck_reasons(const own_part& part) {
  std::vector<std::string> reasons;
  const double late_share =
      part.scheduled == 0 ? 0 : static_cast<double>(part.late) / static_cast<double>(part.scheduled);
  if (late_share > most_late) {
    reasons.push_back(percent(late_share) + " of the requests were sent more than 1 ms after their time");
  }
  if (part.skipped > 0) {
    reasons.push_back("it was stopped, or asleep with the machine, for " +
                      duration_text(std::chrono::duration<double, std::micro>(part.stood_still).count()) + "; the " +
                      with_commas(part.skipped) + " requests that were due meanwhile were not sent");
  }
  if (part.thread_busy && *part.thread_busy > most_busy) {
    reasons.push_back("its thread was on the CPU " + percent(*part.thread_busy) + " of the time");
  }
  if (part.local_failures > 0) {
    reasons.push_back(with_commas(part.local_failures) + " requests failed for want of sockets, ports or memory here");
  }
  if (part.lateness_max_us && part.latency_max_us && *part.lateness_max_us >= maximum_floor_us &&
      *part.lateness_max_us >= most_of_the_maximum * *part.latency_max_us) {
    reasons.push_back("it was itself up to " + duration_text(part.lateness_max_us) +
                      " late, most of the highest latency");
  }
  return reasons;
}

}  // namespace loopscope::probe
