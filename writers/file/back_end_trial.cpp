#include "back_end_trial.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>
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

constexpr std::size_t writes_awaited = 64;
constexpr std::size_t writes_flooded = 256;
/// The ring must be faster by this much: less is within what two trials of one back end differ by.
constexpr int least_gain_percent = 125;

struct flooding_write : write_operation {
  error_code* failure = nullptr;
};

/// One back end's trial, on a loop of its own as the service's loops are.
class trial_run {
 public:
  trial_run(asio::io_context& loop, async_file& file) : loop_(loop), file_(file) {}

  file_result<back_end_trial::cost> blocking_measure(const std::string& path) {
    asio::co_spawn(asio::any_io_executor{loop_.get_executor()}, await_each(), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
    loop_.run();
    const auto awaited = median();
    const auto flooded = blocking_flood();
    if (error_) return file_error{error_, "write", path};
    return back_end_trial::cost{awaited, flooded};
  }

 private:
  asio::awaitable<void> await_each() {
    for (std::size_t i = 0; i < writes_awaited && !error_; ++i) {
      const auto started = clock::now();
      const auto [error] = co_await async_write_all(file_, text_.bytes(), asio::as_tuple(asio::use_awaitable));
      each_.push_back(clock::now() - started);
      error_ = error;
    }
  }

  std::chrono::nanoseconds blocking_flood() {
    std::vector<flooding_write> writes(writes_flooded);
    const auto started = clock::now();
    for (flooding_write& write : writes) {
      write.data = text_.bytes();
      write.failure = &error_;
      write.on_complete = [](write_operation& done, error_code error) {
        if (error) *static_cast<flooding_write&>(done).failure = error;
      };
      file_.start(write);
    }
    loop_.restart();
    loop_.run();
    return (clock::now() - started) / writes_flooded;
  }

  std::chrono::nanoseconds median() {
    const auto middle = each_.begin() + static_cast<std::ptrdiff_t>(each_.size() / 2);
    std::nth_element(each_.begin(), middle, each_.end());
    return *middle;
  }

  asio::io_context& loop_;
  async_file& file_;
  const record text_{999'999};
  std::vector<clock::duration> each_;
  error_code error_;
};

std::string in_microseconds(std::chrono::nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f us", static_cast<double>(time.count()) / 1e3);
  return text;
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
  if (!uring) return {back_end::threads, support.reason};
  const bool flood = id == method::callback;
  const auto on_threads = flood ? threads.flooded : threads.awaited;
  const auto on_ring = flood ? uring->flooded : uring->awaited;
  const bool ring_wins = on_ring * least_gain_percent < on_threads * 100;
  return {ring_wins ? back_end::uring : back_end::threads,
          std::string{flood ? "a write of a flood" : "an awaited write"} + " here takes " +
              in_microseconds(on_threads) + " on threads and " + in_microseconds(on_ring) +
              " on io_uring, measured at start"};
}

file_result<back_end_trial> blocking_try_back_ends(const std::filesystem::path& directory, std::size_t pool_threads) {
  back_end_trial trial;
  trial.support = probe_uring();
  auto output = part_file::blocking_create(directory / "back-end-trial");
  if (output.has_error()) return output.error();
  {
    asio::io_context loop{1};
    io_pool pool{pool_threads};
    pool_file file{loop.get_executor(), pool, output->file()};
    const auto cost = trial_run{loop, file}.blocking_measure(output->part());
    if (cost.has_error()) return cost.error();
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
