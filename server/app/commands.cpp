// SPDX-License-Identifier: MIT

#include "commands.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>

#include "server/http/client.hpp"
#include "server/runs/run_service.hpp"
#include "server/support/json_text.hpp"
#include "server/support/standard_streams.hpp"
#include "writers/file/output_directory.hpp"

namespace loopscope::app {
namespace {

namespace asio = boost::asio;

// Below these numbers of descriptors the error would name an operation that has nothing to do with them.
constexpr std::size_t write_descriptors = 20;
constexpr std::size_t healthcheck_descriptors = 10;

/// Asks the run to stop at the first SIGINT or SIGTERM; a second signal ends the process. It has its own thread, since
/// a sync write blocks the loop.
class stop_on_signal {
 public:
  stop_on_signal() {
    signals_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      signals_.clear();
      source_.request_stop();
    });
    thread_ = std::jthread{[this] { loop_.run(); }};  // after async_wait(), without which run() would return at once
  }
  ~stop_on_signal() { loop_.stop(); }

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  asio::io_context loop_{1};
  asio::signal_set signals_{loop_, SIGINT, SIGTERM};
  std::jthread thread_;
};

}  // namespace

int run(const config::write_command& command) {
  const std::string missing = missing_descriptors(write_descriptors, "to write");
  if (!missing.empty()) return fail(program, missing);
  std::signal(SIGXFSZ, SIG_IGN);
  const stop_on_signal stop;  // before the first file exists, so that a signal leaves none behind
  const std::filesystem::path output = writers::output_path(command.data_dir, *command.request.method);
  const auto directory = writers::blocking_prepare_directory(command.data_dir, std::span{&output, 1});
  if (directory.has_error())
    return fail(program, "--data-dir " + command.data_dir.string() + ": " + directory.error().message());
  if (directory->lock_error)
    print_error(program, "the file system of " + command.data_dir.string() +
                             " has no locks (flock: " + directory->lock_error.message() +
                             "): partial files of a killed process are removed later");
  writers::io_pool pool{command.pool_threads};
  system::peak_memory_meter memory;
  const writers::back_end_rule back_ends{writers::probe_uring()};
  if (const auto reason = back_ends.reason_against(*command.request.method, command.io))
    return fail(program, "--io " + std::string{writers::to_string(command.io)} + ": " + *reason);
  writers::write_request request = command.request;
  request.io = back_ends.select(command.io);

  asio::io_context loop{1};
  writers::write_environment environment{command.data_dir, pool, memory};
  writers::write_progress progress;
  std::optional<writers::file_result<writers::write_report>> result;
  asio::co_spawn(asio::any_io_executor{loop.get_executor()},
                 writers::run_write(request, environment, progress, stop.token()),
                 [&](const std::exception_ptr& failure, writers::file_result<writers::write_report> done) {
                   if (failure) std::rethrow_exception(failure);
                   result.emplace(std::move(done));
                 });
  loop.run();
  pool.join();
  if (result->has_error()) return fail(program, result->error().message());
  const std::string report = json_text(runs::to_json({1, **result, std::nullopt}), 2) + "\n";
  return blocking_print(program, report) ? exit_done : exit_could_not_run;
}

int run(const config::healthcheck_command& command) {
  const std::string missing = missing_descriptors(healthcheck_descriptors, "to check");
  if (!missing.empty()) return fail(program, missing);
  const auto response = http::blocking_get(command.url, std::chrono::ceil<std::chrono::milliseconds>(command.timeout));
  if (response.has_error()) return fail(program, command.url + ": " + response.error().message());
  if (response->status != 200) return fail(program, command.url + ": status " + std::to_string(response->status));
  return exit_done;
}

int run(const early_exit& exit) {
  return blocking_finish(program, exit);
}

}  // namespace loopscope::app
