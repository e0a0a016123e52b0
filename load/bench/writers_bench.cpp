// Writers against their floors: the same bytes into the same directory, by turns in one run, ratios at the end.
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
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "floors.hpp"
#include "ratio_reporter.hpp"
#include "writers/file/uring_support.hpp"
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

/// A loop in a thread of its own, as in the service, and everything a run needs.
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
  writers::peak_memory_meter memory_;
  writers::write_environment environment_;
  std::thread thread_{[this] { io_.run(); }};
};

void add_method(bench_loop& loop, writers::method id, writers::back_end io, const std::string& name) {
  benchmark::RegisterBenchmark(
      name.c_str(),
      [&loop, id, io](benchmark::State& state) {
        writers::write_request request;
        request.id = id;
        request.io = {io, "benchmark"};
        for (auto _ : state) {
          const writers::write_report report = loop.run(request);
          state.counters["queued_ms"] = std::chrono::duration<double, std::milli>{report.queued}.count();
          state.counters["pending_peak_bytes"] = static_cast<double>(report.pending_peak_bytes);
          if (report.memory.peak_bytes && report.memory.before_bytes)
            state.counters["grown_bytes_per_record"] =
                static_cast<double>(*report.memory.peak_bytes - *report.memory.before_bytes) / record_count;
        }
      })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime()
      ->Iterations(1);
}

template <class Function>
void add_floor(const char* name, Function function) {
  benchmark::RegisterBenchmark(name,
                               [function](benchmark::State& state) {
                                 for (auto _ : state) function();
                               })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime()
      ->Iterations(1);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<char*> arguments{argv, argv + argc};
  // Rounds interleave so that every ratio compares neighbours in time; flags given later win.
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
    add_floor("chunks_of_64_KiB", [file] { bench::write_in_chunks(file, record_count, 64 * 1024); });
    add_floor("write_each_record", [file] { bench::write_each_record(file, record_count); });
    using writers::back_end;
    using writers::method;
    add_method(loop, method::stream, back_end::threads, "stream/over:chunks_of_64_KiB");
    add_method(loop, method::sync, back_end::threads, "sync/over:write_each_record");
    add_method(loop, method::partition, back_end::threads, "partition/over:write_each_record");
    add_method(loop, method::offload, back_end::threads, "offload/over:write_each_record");
    add_method(loop, method::callback, back_end::threads, "callback/over:write_each_record");
    add_method(loop, method::promise, back_end::threads, "promise/over:write_each_record");
    if (writers::probe_uring().available)
      add_method(loop, method::stream, back_end::uring, "stream_on_uring/over:chunks_of_64_KiB");

    bench::ratio_reporter ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
  }
  std::filesystem::remove_all(directory);
}
