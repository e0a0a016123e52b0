#include "resident_memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace loopscope::writers {
namespace {

constexpr std::uint64_t bytes_per_kib = 1024;

bool blocking_reset_peak() {
  const int file = ::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool reset = ::write(file, "5", 1) == 1;
  ::close(file);
  return reset;
}

}  // namespace

resident_memory blocking_read_resident_memory() {
  resident_memory memory;
  std::ifstream status{"/proc/self/status"};
  for (std::string key; status >> key;) {
    std::uint64_t kib = 0;
    if (key == "VmRSS:" && status >> kib) memory.current_bytes = kib * bytes_per_kib;
    if (key == "VmHWM:" && status >> kib) memory.peak_bytes = kib * bytes_per_kib;
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return memory;
}

void peak_memory_meter::credit_peak(const resident_memory& now) {
  for (figures& each : under_way_)
    if (each.peak_bytes && now.peak_bytes) each.peak_bytes = std::max(*each.peak_bytes, *now.peak_bytes);
}

peak_memory_meter::span::span(peak_memory_meter& meter) : meter_(meter) {
  const std::lock_guard lock{meter_.mutex_};
  meter_.credit_peak(blocking_read_resident_memory());
  const bool reset = blocking_reset_peak();
  const resident_memory now = blocking_read_resident_memory();
  mine_ = meter_.under_way_.insert(meter_.under_way_.end(),
                                   {now.current_bytes, reset ? now.peak_bytes : std::nullopt, std::nullopt});
}

peak_memory_meter::span::~span() {
  if (ended_) return;
  const std::lock_guard lock{meter_.mutex_};
  meter_.under_way_.erase(mine_);
}

peak_memory_meter::figures peak_memory_meter::span::blocking_end() {
  const std::lock_guard lock{meter_.mutex_};
  const resident_memory now = blocking_read_resident_memory();
  meter_.credit_peak(now);
  figures mine = *mine_;
  mine.after_bytes = now.current_bytes;
  meter_.under_way_.erase(mine_);
  ended_ = true;
  return mine;
}

}  // namespace loopscope::writers
