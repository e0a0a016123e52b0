// SPDX-License-Identifier: MIT

// Compares the methods with their floors. A floor is a loop over write(2), of single records or of 64 KiB, that writes
// the same bytes to the same directory right before each run; for callback it is four threads with such a loop each.
// "Two threads" are floors too: those of a loop that does not write itself. Times end with the last write and do not
// include the rename, in which ext4 allocates the blocks (6 ms).
//
//   build/bin/writers_bench                                  medians of 7 interleaved rounds
//   build/bin/writers_bench --benchmark_repetitions=21 --benchmark_out=writers.json
//   LOOPSCOPE_BENCH_DIR=/mnt/xfs build/bin/writers_bench     another file system; default: the working directory

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "floors.hpp"
#include "ratio_reporter.hpp"
#include "writers/back_end.hpp"
#include "writers/write_run.hpp"

namespace {

namespace asio = boost::asio;
using namespace loopscope;

constexpr std::uint64_t record_count = writers::default_count;
constexpr std::size_t pool_threads = 4;

std::filesystem::path make_directory() {
  const char* base = std::getenv("LOOPSCOPE_BENCH_DIR");
  const auto path = std::filesystem::path{base ? base : "."} / ("writers_bench." + std::to_string(::getpid()));
  std::filesystem::create_directory(path);
  return path;
}

/// A loop on its own thread, as in the service, and everything that a run needs.
class bench_loop {
 public:
  explicit bench_loop(const std::filesystem::path& directory) : environment_{directory, pool_, memory_} {}
  ~bench_loop() {
    work_.reset();
    thread_.join();
  }

  writers::write_report run(const writers::write_request& request) {
    writers::write_progress progress;
    auto done = asio::co_spawn(asio::any_io_executor{io_.get_executor()},
                               writers::run_write(request, environment_, progress, {}), asio::use_future);
    return done.get().value();
  }

 private:
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  writers::io_pool pool_{pool_threads};
  system::peak_memory_meter memory_;
  writers::write_environment environment_;
  std::thread thread_{[this] { io_.run(); }};
};

/// Writes the same bytes with a plain loop. Returns the time that it took.
using floor_run = std::function<std::chrono::nanoseconds()>;

void add_floor(const std::string& name, const floor_run& run, const floor_run& run_floor) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [run, run_floor](benchmark::State& state) {
                                 using seconds = std::chrono::duration<double>;
                                 for (auto _ : state) {
                                   state.counters["floor_seconds"] = seconds{run_floor()}.count();
                                   state.SetIterationTime(seconds{run()}.count());
                                 }
                               })
      ->Unit(benchmark::kMillisecond)
      ->UseManualTime()
      ->Iterations(1);
}

void add_method(bench_loop& loop, std::string_view method_name, writers::back_end io, const std::string& name,
                const floor_run& run_floor) {
  const writers::method& method = *writers::find_method(method_name);
  benchmark::RegisterBenchmark(
      name.c_str(),
      [&loop, &method, io, run_floor](benchmark::State& state) {
        using seconds = std::chrono::duration<double>;
        writers::write_request request;
        request.method = &method;
        request.io = {io, "benchmark"};
        for (auto _ : state) {
          state.counters["floor_seconds"] = seconds{run_floor()}.count();
          const writers::write_report report = loop.run(request);
          state.SetIterationTime(seconds{report.completed}.count());
          state.counters["queued_seconds"] = seconds{report.queued}.count();
          state.counters["pending_peak_bytes"] = static_cast<double>(report.pending_peak_bytes);
          if (report.memory.peak_bytes && report.memory.before_bytes)
            state.counters["grown_bytes_per_record"] =
                static_cast<double>(*report.memory.peak_bytes - *report.memory.before_bytes) / record_count;
        }
      })
      ->Unit(benchmark::kMillisecond)
      ->UseManualTime()
      ->Iterations(1);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> arguments{argv, argv + argc};
  // Rounds interleave, so that each method is measured under the same conditions. A later flag overrides these.
  std::string interleave = "--benchmark_enable_random_interleaving=true";
  std::string repeat = "--benchmark_repetitions=7";
  arguments.insert(arguments.begin() + 1, {interleave.data(), repeat.data()});
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;

  const std::filesystem::path directory = make_directory();
  {
    bench_loop loop{directory};
    const auto file = directory / "floor.txt";
    const auto chunks_on = [file](bench::writing_thread writes) -> floor_run {
      return [file, writes] { return bench::write_in_chunks(file, record_count, 64 * 1024, writes); };
    };
    const auto each_record_on = [file](bench::writing_thread writes) -> floor_run {
      return [file, writes] { return bench::write_each_record(file, record_count, writes); };
    };
    using bench::writing_thread;
    const floor_run chunks = chunks_on(writing_thread::same);
    const floor_run each_record = each_record_on(writing_thread::same);
    using writers::back_end;
    add_method(loop, "stream", back_end::threads, "stream", chunks);
    add_method(loop, "sync", back_end::threads, "sync", each_record);
    add_method(loop, "partition", back_end::threads, "partition", each_record);
    add_method(loop, "offload", back_end::threads, "offload", each_record);
    add_method(loop, "callback", back_end::threads, "callback",
               [file] { return bench::write_each_record_on_threads(file, record_count, pool_threads); });
    add_method(loop, "promise", back_end::threads, "promise", each_record);
    if (std::thread::hardware_concurrency() > 1) {
      add_floor("64 KiB, two threads", chunks_on(writing_thread::another), chunks);
      add_floor("records, two threads", each_record_on(writing_thread::another), each_record);
    }
    if (writers::probe_uring().available) add_method(loop, "stream", back_end::uring, "stream on io_uring", chunks);

    bench::ratio_reporter ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
  }
  std::filesystem::remove_all(directory);
}
