#include "commands.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>

#include "server/http/client.hpp"
#include "server/runs/run_service.hpp"
#include "server/support/json_text.hpp"
#include "server/support/standard_streams.hpp"
#include "writers/file/output_directory.hpp"

namespace loopscope::cli {
namespace {

namespace asio = boost::asio;

int fail(const std::string& what) {
  std::fprintf(stderr, "loopscope: %s\n", what.c_str());
  return exit_could_not_run;
}

/// Asks the run to stop at the first SIGINT or SIGTERM, on a thread of its own since a sync write blocks the loop; the
/// second ends the process, as ever.
class stop_on_signal {
 public:
  stop_on_signal() {
    signals_.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      signals_.clear();
      source_.request_stop();
    });
    thread_ = std::jthread{[this] { loop_.run(); }};  // now that it has something to wait for
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

int run(const write_command& asked) {
  std::signal(SIGXFSZ, SIG_IGN);
  const stop_on_signal stop;  // before the first file is made, so that a signal leaves none
  const std::filesystem::path output = writers::output_path(asked.data_dir, *asked.request.method);
  const auto directory = writers::blocking_prepare_directory(asked.data_dir, std::span{&output, 1});
  if (directory.has_error()) return fail("--data-dir " + asked.data_dir.string() + ": " + directory.error().message());
  if (directory->lock_error)
    std::fprintf(
        stderr,
        "loopscope: the file system of %s has no locks (flock: %s): what a killed process leaves is removed later\n",
        asked.data_dir.c_str(), directory->lock_error.message().c_str());
  writers::io_pool pool{asked.pool_threads};
  system::peak_memory_meter memory;
  const writers::back_end_rule back_ends{writers::probe_uring()};
  if (const auto reason = back_ends.reason_against(*asked.request.method, asked.io))
    return fail("--io " + std::string{writers::to_string(asked.io)} + ": " + *reason);
  writers::write_request request = asked.request;
  request.io = back_ends.select(asked.io);

  asio::io_context loop{1};
  writers::write_environment environment{asked.data_dir, pool, memory};
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
  if (result->has_error()) return fail(result->error().message());
  const std::string report = json_text(runs::to_json({1, **result, std::nullopt}), 2) + "\n";
  return blocking_print("loopscope", report) ? exit_done : exit_could_not_run;
}

int run(const healthcheck_command& asked) {
  const auto answer = http::blocking_get(asked.url, std::chrono::ceil<std::chrono::milliseconds>(asked.timeout));
  if (answer.has_error()) return fail(asked.url + ": " + answer.error().message());
  if (answer->status != 200) return fail(asked.url + ": status " + std::to_string(answer->status));
  return exit_done;
}

}  // namespace loopscope::cli
