#include "back_end_trial.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>
#include <span>
#include <string_view>
#include <vector>

#include "../record.hpp"
#include "io_pool.hpp"
#include "part_file.hpp"
#include "pool_file.hpp"
#include "uring_file.hpp"

namespace loopscope::writers {
namespace {

namespace asio = boost::asio;
using clock = std::chrono::steady_clock;

constexpr std::size_t records_awaited = 64;
constexpr std::size_t chunks_awaited = 8;
constexpr std::size_t floods = 5;
constexpr std::size_t records_flooded = 128;
constexpr std::size_t chunk_bytes = 64 * 1024;
/// The ring must be faster by this much: less is within what two trials of one back end differ by.
constexpr int least_gain_percent = 125;

/// One back end's trial, on a loop of its own as the service's loops are.
class trial_run {
 public:
  trial_run(asio::io_context& loop, async_file& file) : loop_(loop), file_(file) {}

  file_result<back_end_trial::cost> blocking_measure(const std::string& path) {
    const record text{999'999};
    const std::vector<std::byte> chunk(chunk_bytes);
    back_end_trial::cost cost;
    cost.record = blocking_median(records_awaited, [&] { blocking_write(1, text.bytes()); });
    cost.chunk = blocking_median(chunks_awaited, [&] { blocking_write(1, chunk); });
    cost.flooded = blocking_median(floods, [&] { blocking_write(records_flooded, text.bytes()); }) / records_flooded;
    if (error_) return file_error{error_, "write", path};
    return cost;
  }

 private:
  struct trial_write : write_operation {
    error_code* failure = nullptr;
  };

  template <class Function>
  static std::chrono::nanoseconds blocking_median(std::size_t times, Function function) {
    std::vector<clock::duration> each;
    for (std::size_t i = 0; i < times; ++i) {
      const auto started = clock::now();
      function();
      each.push_back(clock::now() - started);
    }
    const auto middle = each.begin() + static_cast<std::ptrdiff_t>(times / 2);
    std::nth_element(each.begin(), middle, each.end());
    return *middle;
  }

  void blocking_write(std::size_t at_once, std::span<const std::byte> data) {
    std::vector<trial_write> writes(at_once);
    for (trial_write& write : writes) {
      write.data = data;
      write.failure = &error_;
      write.on_complete = [](write_operation& done, error_code error) {
        if (error) *static_cast<trial_write&>(done).failure = error;
      };
      file_.start(write);
    }
    loop_.restart();
    loop_.run();
  }

  asio::io_context& loop_;
  async_file& file_;
  error_code error_;
};

std::string in_microseconds(std::chrono::nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f us", static_cast<double>(time.count()) / 1e3);
  return text;
}

struct tried {
  std::string_view what;
  std::chrono::nanoseconds back_end_trial::cost::*figure;
};

/// Which of the trial's writes are like those of a method.
tried tried_for(method id) {
  switch (id) {
    case method::stream:
      return {"an awaited write of 64 KiB", &back_end_trial::cost::chunk};
    case method::callback:
      return {"a record of a flood", &back_end_trial::cost::flooded};
    case method::promise:
    case method::sync:
    case method::partition:
    case method::offload:
      break;
  }
  return {"an awaited record", &back_end_trial::cost::record};
}

}  // namespace

selected_back_end back_end_trial::select(back_end_choice choice, method id) const {
  switch (choice) {
    case back_end_choice::threads:
      return {back_end::threads, "asked for"};
    case back_end_choice::uring:
      if (support.available) return {back_end::uring, "asked for"};
      return {back_end::threads, "uring was asked for, but " + support.reason};
    case back_end_choice::automatic:
      break;
  }
  if (!uring) return {back_end::threads, failure.empty() ? support.reason : failure};
  const auto [what, figure] = tried_for(id);
  const auto on_threads = threads.*figure;
  const auto on_ring = (*uring).*figure;
  const bool ring_wins = on_ring * least_gain_percent < on_threads * 100;
  return {ring_wins ? back_end::uring : back_end::threads,
          std::string{what} + " here takes " + in_microseconds(on_threads) + " on threads and " +
              in_microseconds(on_ring) + " on io_uring, measured at start"};
}

file_result<back_end_trial> blocking_try_back_ends(const std::filesystem::path& directory, std::size_t pool_threads) {
  back_end_trial trial;
  trial.support = probe_uring();
  const std::filesystem::path target = directory / "back-end-trial";
  part_file::blocking_remove_abandoned(target);
  auto output = part_file::blocking_create(target);
  if (output.has_error()) return output.error();
  {
    asio::io_context loop{1};
    io_pool pool{pool_threads};
    pool_file file{loop.get_executor(), pool, output->file()};
    const auto cost = trial_run{loop, file}.blocking_measure(output->part());
    if (cost.has_error()) {  // a disk that is full now may have room when a write is asked for
      trial.failure = "the trial at start failed: " + cost.error().code.message();
      return trial;
    }
    trial.threads = *cost;
  }
  if (!trial.support.available) return trial;
  try {
    asio::io_context loop{1};
    uring_file file{loop.get_executor(), output->file().descriptor()};
    const auto cost = trial_run{loop, file}.blocking_measure(output->part());
    if (cost.has_value()) {
      trial.uring = *cost;
    } else {
      trial.support = {false, "a write through io_uring failed here: " + cost.error().code.message()};
    }
  } catch (const boost::system::system_error& failure) {  // Asio throws when it cannot set up its ring
    trial.support = {false, "Asio could not set up its ring: " + failure.code().message()};
  }
  return trial;
}

}  // namespace loopscope::writers
