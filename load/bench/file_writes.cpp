// SPDX-License-Identifier: MIT

// Measures one way of writing to a file. load/bench/file_systems.py runs each way on several file systems and counts
// its system calls.
//
//   build/bin/file_writes                   lists the ways
//   build/bin/file_writes DIRECTORY WAY     writes a temporary file there; prints JSON: time and CPU per write

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/stream_file.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "raw_ring.hpp"
#include "writers/file/blocking_file.hpp"
#include "writers/file/pool_file.hpp"
#include "writers/file/uring_file.hpp"

namespace {

namespace asio = boost::asio;
using namespace loopscope;
using clock_type = std::chrono::steady_clock;
using bytes = std::span<const std::byte>;

constexpr std::size_t pool_threads = 4;

void check(const boost::system::error_code& error, const char* operation) {
  if (error) throw boost::system::system_error(error, operation);
}

void write_each(writers::posix_file& file, bytes data, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) check(writers::blocking_write_all(file, data), "write");
}

asio::awaitable<void> await_each(writers::async_file& file, bytes data, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto [error] = co_await async_write_all(file, data, asio::as_tuple(asio::use_awaitable));
    check(error, "write");
  }
}

void await_all(asio::io_context& loop, writers::async_file& file, bytes data, std::size_t count) {
  asio::co_spawn(asio::any_io_executor{loop.get_executor()}, await_each(file, data, count),
                 [](const std::exception_ptr& failure) {
                   if (failure) std::rethrow_exception(failure);
                 });
  loop.run();
}

void start_batch(asio::io_context& loop, writers::async_file& file, bytes data, std::size_t count) {
  std::vector<writers::write_operation> writes(count);
  for (writers::write_operation& each : writes) {
    each.data = data;
    each.on_complete = [](writers::write_operation&, writers::error_code error) { check(error, "write"); };
    file.start(each);
  }
  loop.run();
}

using on_back_end = void (*)(asio::io_context&, writers::async_file&, bytes, std::size_t);

template <on_back_end Write>
void on_threads(writers::posix_file& file, bytes data, std::size_t count) {
  asio::io_context loop{1};
  writers::io_pool pool{pool_threads};
  writers::pool_file back_end{loop.get_executor(), pool, file};
  Write(loop, back_end, data, count);
}

template <on_back_end Write>
void on_uring(writers::posix_file& file, bytes data, std::size_t count) {
  asio::io_context loop{1};
  writers::uring_file back_end{loop.get_executor(), file.descriptor()};
  Write(loop, back_end, data, count);
}

void start_batch_on_one_object(writers::posix_file& file, bytes data, std::size_t count) {
  asio::io_context loop{1};
  asio::stream_file object{loop, ::dup(file.descriptor())};
  for (std::size_t i = 0; i < count; ++i)
    object.async_write_some(asio::buffer(data.data(), data.size()),
                            [](boost::system::error_code error, std::size_t) { check(error, "write"); });
  loop.run();
}

template <bench::ring_options Options>
void on_ring(writers::posix_file& file, bytes data, std::size_t count) {
  bench::write_on_ring(file.descriptor(), data, count, Options);
}

struct way {
  std::string_view name;
  std::size_t size_bytes;
  std::size_t count;
  void (*write)(writers::posix_file&, bytes, std::size_t);
};

constexpr std::size_t record_bytes = 8;
constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::size_t records = 10'000;
constexpr std::size_t batch_records = 50'000;
constexpr std::size_t chunks = 1'000;

constexpr std::array ways{
    way{"record: write(2)", record_bytes, batch_records, write_each},
    way{"record: threads", record_bytes, records, on_threads<await_all>},
    way{"record: uring", record_bytes, records, on_uring<await_all>},
    way{"chunk: write(2)", chunk_bytes, chunks, write_each},
    way{"chunk: threads", chunk_bytes, chunks, on_threads<await_all>},
    way{"chunk: uring", chunk_bytes, chunks, on_uring<await_all>},
    way{"batch: threads", record_bytes, batch_records, on_threads<start_batch>},
    way{"batch: uring", record_bytes, batch_records, on_uring<start_batch>},
    way{"batch: one stream_file", record_bytes, records, start_batch_on_one_object},
    way{"ring, depth 1", record_bytes, records, on_ring<bench::ring_options{}>},
    way{"ring, depth 1, polled", record_bytes, records, on_ring<bench::ring_options{.polled = true}>},
    way{"ring, depth 1, registered", record_bytes, records, on_ring<bench::ring_options{.registered = true}>},
    way{"ring, depth 1, submission thread", record_bytes, records,
        on_ring<bench::ring_options{.polled = true, .submission_thread = true}>},
    way{"ring, depth 1, one CPU", record_bytes, records, on_ring<bench::ring_options{.one_cpu = true}>},
    way{"ring, depth 64", record_bytes, batch_records, on_ring<bench::ring_options{.depth = 64}>},
    way{"ring, depth 64, linked", record_bytes, batch_records,
        on_ring<bench::ring_options{.depth = 64, .linked = true}>},
    way{"ring, depth 64, registered", record_bytes, batch_records,
        on_ring<bench::ring_options{.depth = 64, .registered = true}>},
    way{"ring, depth 64, deferred", record_bytes, batch_records,
        on_ring<bench::ring_options{.depth = 64, .deferred = true}>},
    way{"ring, chunk", chunk_bytes, chunks, on_ring<bench::ring_options{}>},
    way{"ring, chunk, registered", chunk_bytes, chunks, on_ring<bench::ring_options{.registered = true}>},
};

/// CPU time of all threads of the process, including those that the kernel starts for a ring.
double cpu_us() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e6 +
         static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

void measure(const std::string& directory, const way& selected) {
  const std::string path = directory + "/file_writes." + std::to_string(::getpid());
  writers::posix_file file{::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  if (file.descriptor() < 0) check({errno, boost::system::system_category()}, path.c_str());
  ::unlink(path.c_str());
  const std::vector<std::byte> data(selected.size_bytes, std::byte{'x'});
  const double cpu_before = cpu_us();
  const auto started = clock_type::now();
  selected.write(file, data, selected.count);
  const std::chrono::duration<double, std::micro> elapsed = clock_type::now() - started;
  const auto count = static_cast<double>(selected.count);
  std::printf("{\"writes\": %zu, \"us\": %.4f, \"cpu_us\": %.4f}\n", selected.count, elapsed.count() / count,
              (cpu_us() - cpu_before) / count);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc == 1) {
    for (const way& each : ways) std::printf("%.*s\n", static_cast<int>(each.name.size()), each.name.data());
    return 0;
  }
  for (const way& each : ways) {
    if (argc != 3 || each.name != argv[2]) continue;
    measure(argv[1], each);
    return 0;
  }
  std::fputs("usage: file_writes [DIRECTORY WAY]\n", stderr);
  return 2;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "%s\n", failure.what());
  return 1;
}
