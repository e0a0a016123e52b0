// SPDX-License-Identifier: MIT

#include "write_problem.hpp"

#include <cerrno>
#include <filesystem>

#include "server/support/json_values.hpp"

namespace loopscope::routes {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* retry_after_s = "1";

json in_milliseconds(std::uint64_t ns) {
  return milliseconds(std::chrono::nanoseconds{static_cast<std::int64_t>(ns)});
}

std::string numbers(const runs::refusal& refused) {
  return "needs " + std::to_string(refused.estimate) + ", the limit (" + std::string{refused.limit_name} + ") is " +
         std::to_string(refused.limit);
}

/// What is left of a write that did not complete.
std::string remainder(const writers::file_error& failed) {
  if (!failed.left_behind) return "nothing was kept of it";
  return "its partial file could not be removed (" + failed.left_behind.message() + ")";
}

unsigned status_of(int error_value) {
  switch (error_value) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return 507;
    case ECANCELED:
    case EMFILE:  // other work holds what this write would need
    case ENFILE:
    case ENOMEM:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

http::response to_response(const runs::refusal& refused) {
  http::problem problem;
  const json figures{{"limit_name", refused.limit_name}, {"estimate", refused.estimate}, {"limit", refused.limit}};
  switch (refused.why) {
    case runs::refusal::cause::over_limit:
      problem.status = 422;
      problem.extensions = figures;
      problem.detail =
          "Parameter '" + std::string{refused.parameter} + "' is too large: the write " + numbers(refused) + ".";
      problem.extensions["parameter"] = refused.parameter;
      return to_response(problem);
    case runs::refusal::cause::too_many:
      problem.status = 429;
      problem.extensions = figures;
      problem.detail = "Too many writes are running: one more " + numbers(refused) + ". Try again when one has ended.";
      return to_response(problem).with("Retry-After", retry_after_s);
    case runs::refusal::cause::loop_behind:
      problem.status = 503;
      problem.detail = "The event loop is behind, so no more writes start on it. Try again when it has caught up.";
      problem.extensions = {{"limit_name", refused.limit_name},
                            {"lag_ms", in_milliseconds(refused.estimate)},
                            {"limit_ms", in_milliseconds(refused.limit)}};
      return to_response(problem).with("Retry-After", retry_after_s);  // the lag is the largest of the last second
    case runs::refusal::cause::shutting_down:
      problem.status = 503;
      problem.detail = "The service is shutting down and starts no more writes.";
      return to_response(problem).with("Retry-After", retry_after_s);
  }
  return to_response(problem);
}

http::response to_response(const writers::file_error& failed) {
  http::problem problem;
  problem.status = status_of(failed.code.value());
  if (failed.code.value() == ECANCELED) {
    problem.detail = "The write was cancelled because its client disconnected or the service is shutting down; " +
                     remainder(failed) + ".";
    return to_response(problem).with("Retry-After", retry_after_s);
  }
  const std::string file = std::filesystem::path{failed.path}.filename().string();
  const std::string message = writers::file_error{failed.code, failed.operation, file}.message() + ".";
  // The directory is synced last: by then the file has its final name, and keeps it unless the machine fails.
  problem.detail = (failed.operation == "fsync" ? "The file is complete, but may not be on the device: "
                                                : "The write failed and " + remainder(failed) + ": ") +
                   message;
  problem.extensions = {{"operation", failed.operation}, {"errno", failed.code.value()}};
  http::response answer = to_response(problem);
  return problem.status == 503 ? std::move(answer).with("Retry-After", retry_after_s) : answer;
}

}  // namespace loopscope::routes
