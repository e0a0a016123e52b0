#include "commands.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <optional>

#include "server/http/client.hpp"
#include "server/runs/run_service.hpp"

namespace loopscope::cli {
namespace {

namespace asio = boost::asio;

int fail(const std::string& what) {
  std::fprintf(stderr, "loopscope: %s\n", what.c_str());
  return exit_could_not_run;
}

}  // namespace

int run(const write_command& asked) {
  std::signal(SIGXFSZ, SIG_IGN);
  writers::io_pool pool{asked.pool_threads};
  writers::peak_memory_meter memory;
  const auto trial = writers::blocking_try_back_ends(asked.data_dir, asked.pool_threads);
  if (trial.has_error()) return fail(trial.error().message());
  if (asked.io == writers::back_end_choice::uring && !trial->support.available) return fail(trial->support.reason);
  writers::write_request request = asked.request;
  request.io = trial->select(asked.io, asked.request.id);

  asio::io_context loop{1};
  writers::write_environment environment{asked.data_dir, pool, memory};
  writers::write_progress progress;
  std::optional<writers::file_result<writers::write_report>> result;
  asio::co_spawn(asio::any_io_executor{loop.get_executor()}, writers::run_write(request, environment, progress, {}),
                 [&](const std::exception_ptr& failure, writers::file_result<writers::write_report> done) {
                   if (failure) std::rethrow_exception(failure);
                   result.emplace(std::move(done));
                 });
  loop.run();
  pool.join();
  if (result->has_error()) return fail(result->error().message());
  std::printf("%s\n", runs::to_json({1, **result, std::nullopt}).dump(2).c_str());
  return exit_done;
}

int run(const healthcheck_command& asked) {
  const auto answer = http::blocking_get(asked.url, std::chrono::ceil<std::chrono::milliseconds>(asked.timeout));
  if (answer.has_error()) return fail(asked.url + ": " + answer.error().message());
  if (answer->status != 200) return fail(asked.url + ": status " + std::to_string(answer->status));
  return exit_done;
}

}  // namespace loopscope::cli
