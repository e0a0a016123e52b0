// SPDX-License-Identifier: MIT

#include "../write_run.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <memory>
#include <optional>

#include "../file/part_file.hpp"
#include "../file/pool_file.hpp"
#include "../file/uring_file.hpp"
#include "../methods/record.hpp"
#include "../methods/write_task.hpp"
#include "verify.hpp"

namespace loopscope::writers {
namespace {

namespace asio = boost::asio;

/// The part of a run that may block: everything except the method itself.
class run_files {
 public:
  run_files(const write_request& request, write_environment& environment, write_progress& progress,
            std::stop_token stop)
      : request_(request), environment_(environment), progress_(progress), stop_(std::move(stop)) {}

  file_result<void> blocking_open() {
    memory_.emplace(environment_.memory);
    progress_.started();
    auto created = part_file::blocking_create(output_path(environment_.directory, *request_.method));
    if (created.has_error()) return created.error();
    output_.emplace(std::move(*created));
    if (request_.durable == durability::disk) return output_->blocking_open_directory();
    return {};
  }

  /// Reads the figures, makes the file durable and reads it back if the request says so, closes it and renames it.
  file_result<write_report> blocking_finish(write_report report) {
    file_result<void> done = blocking_complete(report);
    if (done.has_error()) return blocking_give_up(done.error());
    blocking_close();
    return report;
  }

  /// Removes the partial file. If that fails too, the error says so: the file is still there.
  file_error blocking_give_up(file_error error) {
    if (output_) error.left_behind = output_->blocking_discard();
    blocking_close();
    return error;
  }

  posix_file& file() { return output_->file(); }
  file_error failed(error_code error, std::string_view operation) const { return {error, operation, output_->part()}; }
  file_error cancelled() const { return failed(asio::error::operation_aborted, "write"); }

 private:
  void blocking_close() {
    output_.reset();
    memory_.reset();
  }

  file_result<void> blocking_complete(write_report& report) {
    using clock = write_progress::clock;
    const bool to_disk = request_.durable == durability::disk;
    report.page_cache = system::blocking_read_page_cache(file().descriptor());
    report.memory = memory_->blocking_end();
    if (to_disk)
      if (auto synced = output_->blocking_sync_file(); synced.has_error()) return synced;

    const auto verify_started = clock::now();
    if (request_.verify) {
      const auto content = blocking_verify(file().descriptor(), request_.count, stop_);
      if (content.has_error()) return file_error{content.error(), "read", output_->part()};
      report.content = *content;
    }
    const auto reading_back = clock::now() - verify_started;

    if (stop_.stop_requested()) return cancelled();
    if (auto committed = output_->blocking_commit(); committed.has_error()) return committed;
    report.file = output_->target();
    report.sync_calls = file().sync_calls();
    if (!to_disk) return {};
    if (auto synced = output_->blocking_sync_directory(); synced.has_error()) return synced;
    ++report.sync_calls;
    report.durable = progress_.elapsed() - reading_back;
    return {};
  }

  const write_request& request_;
  write_environment& environment_;
  write_progress& progress_;
  std::stop_token stop_;
  std::optional<system::peak_memory_meter::span> memory_;
  std::optional<part_file> output_;
};

/// The back end of one run; empty for methods that use none.
class run_back_end {
 public:
  error_code open(const write_request& request, asio::any_io_executor executor, io_pool& pool, posix_file& file) {
    if (request.method->back_ends != back_end_use::any) return {};
    if (request.io.id == back_end::threads) {
      pool_.emplace(std::move(executor), pool, file);
      return {};
    }
    try {
      uring_.emplace(std::move(executor), file.descriptor());
    } catch (const boost::system::system_error& failure) {  // no descriptor or no locked memory is left for a ring
      return failure.code();
    }
    return {};
  }

  async_file* get() noexcept {
    if (uring_) return &*uring_;
    return pool_ ? &*pool_ : nullptr;
  }
  std::uint64_t ring_writes() const noexcept { return uring_ ? uring_->write_calls() : 0; }

 private:
  std::optional<pool_file> pool_;
  std::optional<uring_file> uring_;
};

std::optional<std::chrono::microseconds> slice_of(const write_request& request) {
  if (!request.method->takes_slice) return std::nullopt;
  return request.slice ? request.slice : request.method->default_slice;
}

write_report describe(const write_request& request) {
  write_report report;
  report.method = request.method;
  report.count = request.count;
  report.bytes = total_bytes(request.count);
  switch (request.method->back_ends) {
    case back_end_use::any:
      report.io = request.io.id;
      report.io_reason = request.io.reason;
      break;
    case back_end_use::threads:
      report.io = back_end::threads;
      report.io_reason = "the whole loop runs on a pool thread";
      break;
    case back_end_use::none:
      report.io_reason = "no back end is involved: the I/O thread calls write(2) itself";
      break;
  }
  return report;
}

void take_figures(write_report& report, const write_request& request, const write_progress& progress) {
  report.completed = progress.elapsed();
  report.queued = progress.queued_after().value_or(report.completed);
  report.pending_peak_records = progress.pending_peak_records();
  report.pending_peak_bytes = progress.pending_peak_bytes();
  if (!request.method->has_buffer) return;
  report.high_water_mark_bytes = request.high_water_mark_bytes;
  report.drains = progress.drains();
  report.waited = progress.waited();
}

/// The part of a run on the loop. The report lacks the figures that are known only at the end.
asio::awaitable<file_result<write_report>> write_records(const write_request& request, write_environment& environment,
                                                         write_progress& progress, std::stop_token stop,
                                                         run_files& files) {
  if (stop.stop_requested()) co_return files.cancelled();
  run_back_end back_end;
  const auto opened = back_end.open(request, co_await asio::this_coro::executor, environment.pool, files.file());
  if (opened) co_return files.failed(opened, "io_uring");
  write_task task{request.count,     request.high_water_mark_bytes,
                  slice_of(request), stop,
                  environment.pool,  files.file(),
                  back_end.get(),    progress};
  const system::cpu_time cpu_before = system::cpu_time::now();
  error_code error;
  try {
    error = co_await request.method->run(task);
  } catch (...) {
    std::terminate();  // no memory: operations in the pool or the ring would outlive this frame
  }
  if (error) co_return files.failed(error, "write");
  write_report report = describe(request);
  report.cpu = system::cpu_time::now().since(cpu_before);
  take_figures(report, request, progress);
  report.write_calls = files.file().write_calls() + back_end.ring_writes();
  co_return report;
}

}  // namespace

std::filesystem::path output_path(const std::filesystem::path& directory, const method& method) {
  return directory / (std::string{method.name} + ".txt");
}

asio::awaitable<file_result<write_report>> run_write(const write_request& request, write_environment& environment,
                                                     write_progress& progress, std::stop_token stop,
                                                     std::function<void()> blocking_at_end) {
  run_files files{request, environment, progress, stop};

  const auto open = [&files] { return files.blocking_open(); };
  file_result<void> opened = co_await environment.pool.async_run(open, asio::use_awaitable);
  // Not a conditional expression: GCC 12 destroys the result of a co_await inside one twice.
  file_result<write_report> outcome = write_report{};
  if (opened.has_error()) {
    outcome = opened.error();
  } else {
    outcome = co_await write_records(request, environment, progress, stop, files);
  }
  const auto finish = [&files, &blocking_at_end, &outcome]() -> file_result<write_report> {
    if (outcome.has_error()) return files.blocking_give_up(outcome.error());
    auto finished = files.blocking_finish(*std::move(outcome));
    if (finished && blocking_at_end) blocking_at_end();
    return finished;
  };
  co_return co_await environment.pool.async_run(finish, asio::use_awaitable);
}

}  // namespace loopscope::writers
