// SPDX-License-Identifier: MIT

// Writes the records of loopscope's methods in the ways that a C++ program has without it. load/bench/write_peers.py
// runs each way in a process of its own.
//
//   build/bin/write_peers WAY FILE COUNT   replaces FILE; prints JSON: time until it is closed, CPU time, peak memory

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "floors.hpp"
#include "writers/system/process.hpp"

namespace {

using namespace loopscope;
using std::filesystem::path;
using milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr std::size_t queue_records = 8192;  // spdlog's default

void write_each_record(const path& file, std::uint64_t count) {
  bench::write_each_record(file, count, bench::writing_thread::same);
}

void write_buffers(const path& file, std::uint64_t count) {
  bench::write_in_chunks(file, count, buffer_bytes, bench::writing_thread::same);
}

void write_to_ofstream(const path& name, std::uint64_t count) {
  std::ofstream file{name};
  for (std::uint64_t number = 0; number < count; ++number) file << ' ' << number << ' ';
  file.close();
  if (!file) throw std::runtime_error("std::ofstream: a write failed");
}

/// One thread writes; a caller that finds the queue full waits.
void write_to_spdlog(const path& file, std::uint64_t count) {
  spdlog::init_thread_pool(queue_records, 1);
  auto logger = spdlog::basic_logger_mt<spdlog::async_factory>("records", file.string());
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::local, ""));
  for (std::uint64_t number = 0; number < count; ++number) logger->info(" {} ", number);
  logger->flush();
  logger.reset();
  spdlog::shutdown();  // waits for the thread, which closes the file
}

struct way {
  std::string_view name;
  void (*write)(const path&, std::uint64_t);
};

constexpr std::array ways{
    way{"record", write_each_record},
    way{"buffer", write_buffers},
    way{"ofstream", write_to_ofstream},
    way{"spdlog", write_to_spdlog},
};

void measure(const way& selected, const path& file, std::uint64_t count) {
  std::filesystem::remove(file);
  const auto cpu_before = system::cpu_time::now();
  const auto started = std::chrono::steady_clock::now();
  selected.write(file, count);
  const milliseconds elapsed = std::chrono::steady_clock::now() - started;
  const auto cpu = system::cpu_time::now().since(cpu_before);
  const auto peak_bytes = system::blocking_read_resident_memory().peak_bytes;
  std::printf("{\"ms\": %.3f, \"cpu_ms\": %.3f, \"peak_bytes\": %s}\n", elapsed.count(),
              milliseconds{cpu.process_user + cpu.process_system}.count(),
              peak_bytes ? std::to_string(*peak_bytes).c_str() : "null");
}

}  // namespace

int main(int argc, char** argv) try {
  for (const way& each : ways) {
    if (argc != 4 || each.name != argv[1]) continue;
    measure(each, argv[2], std::stoull(argv[3]));
    return 0;
  }
  std::fputs("usage: write_peers record|buffer|ofstream|spdlog FILE COUNT\n", stderr);
  return 2;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "%s\n", failure.what());
  return 1;
}
