// SPDX-License-Identifier: MIT

#include "write_request.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "writers/system/number.hpp"

namespace loopscope::routes {
namespace {

using http::in_quotes;
using http::not_allowed;
using http::wrong_parameter;

constexpr std::array<std::string_view, 7> names{"method",   "count",      "io",    "high_water_mark",
                                                "slice_us", "durability", "verify"};

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const auto word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

std::string method_names() {
  std::string text;
  for (const auto& each : writers::all_methods()) {
    text.append(text.empty() ? "" : ", ").append(each.name);
    for (const auto alias : each.aliases) text.append(", ").append(alias);
  }
  return text;
}

/// Digits only: no sign, exponent or space. A number too large for 64 bits becomes the largest one, which no limit
/// allows.
std::optional<std::uint64_t> parse_digits(std::string_view text) {
  const bool digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  return system::parse_number<std::uint64_t>(text).value_or(std::numeric_limits<std::uint64_t>::max());
}

/// Builds the request, parameter by parameter, until one is wrong.
class reader {
 public:
  explicit reader(const runs::run_limits& limits) : limits_(limits) {}

  std::optional<http::problem> read(const http::parameter& given) {
    if (given.name == "method") return read_method(given);
    if (given.name == "count") return read_count(given);
    if (given.name == "io") return read_io(given);
    if (given.name == "high_water_mark") return read_high_water_mark(given);
    if (given.name == "slice_us") return read_slice(given);
    if (given.name == "durability") return read_durability(given);
    if (given.name == "verify") return read_verify(given);
    const std::string allowed = joined(names);
    return wrong_parameter(given.name, given.value, allowed,
                           "Unknown parameter " + in_quotes(given.name) + "; allowed: " + allowed + ".");
  }

  writers::write_request request;
  writers::back_end_choice io = writers::back_end_choice::automatic;

 private:
  std::optional<http::problem> read_method(const http::parameter& given) {
    request.method = writers::find_method(given.value);
    return request.method ? std::nullopt : std::optional{not_allowed(given, method_names())};
  }

  std::optional<http::problem> read_count(const http::parameter& given) {
    const auto number = parse_digits(given.value);
    const std::string allowed = "1 to " + std::to_string(limits_.max_count) + ", decimal digits only";
    if (!number || *number == 0) return not_allowed(given, allowed);
    if (*number > limits_.max_count) {
      http::problem problem = not_allowed(given, allowed);
      problem.status = 422;
      problem.extensions["estimate"] = *number;
      problem.extensions["limit"] = limits_.max_count;
      problem.extensions["limit_name"] = "max-count";
      return problem;
    }
    request.count = *number;
    return std::nullopt;
  }

  std::optional<http::problem> read_io(const http::parameter& given) {
    const auto choice = writers::find_back_end_choice(given.value);
    if (!choice) return not_allowed(given, "auto, threads, uring");
    io = *choice;
    return std::nullopt;
  }

  std::optional<http::problem> read_high_water_mark(const http::parameter& given) {
    const auto number = parse_digits(given.value);
    if (!number || *number == 0 || *number > max_high_water_mark_bytes)
      return not_allowed(given, "1 to " + std::to_string(max_high_water_mark_bytes) + " bytes, decimal digits only");
    request.high_water_mark_bytes = *number;
    return std::nullopt;
  }

  std::optional<http::problem> read_slice(const http::parameter& given) {
    const auto number = parse_digits(given.value);
    if (!number || *number == 0 || *number > static_cast<std::uint64_t>(max_slice_us))
      return not_allowed(given, "1 to " + std::to_string(max_slice_us) + " microseconds, decimal digits only");
    request.slice = std::chrono::microseconds{*number};
    return std::nullopt;
  }

  std::optional<http::problem> read_durability(const http::parameter& given) {
    if (given.value != "cache" && given.value != "disk") return not_allowed(given, "cache, disk");
    request.durable = given.value == "disk" ? writers::durability::disk : writers::durability::cache;
    return std::nullopt;
  }

  std::optional<http::problem> read_verify(const http::parameter& given) {
    if (given.value != "true" && given.value != "false") return not_allowed(given, "true, false");
    request.verify = given.value == "true";
    return std::nullopt;
  }

  const runs::run_limits& limits_;
};

}  // namespace

std::variant<writers::write_request, http::problem> parse_write_request(std::span<const http::parameter> given,
                                                                        const runs::run_limits& limits,
                                                                        const writers::back_end_rule& back_ends) {
  reader read{limits};
  for (auto each = given.begin(); each != given.end(); ++each) {
    const bool repeated =
        std::any_of(given.begin(), each, [&](const auto& before) { return before.name == each->name; });
    if (repeated)
      return wrong_parameter(each->name, each->value, "once",
                             "Parameter " + in_quotes(each->name) + " is given more than once; allowed: once.");
    if (auto problem = read.read(*each)) return *std::move(problem);
  }
  if (!read.request.method)
    return wrong_parameter("method", "", method_names(),
                           "Parameter 'method' is missing; allowed: " + method_names() + ".");
  if (const auto reason = back_ends.reason_against(*read.request.method, read.io)) {
    const std::string io{writers::to_string(read.io)};
    const bool takes_threads = read.request.method->back_ends != writers::back_end_use::none;
    const std::string allowed = takes_threads ? "auto, threads" : "auto";
    return wrong_parameter("io", io, allowed,
                           "Parameter 'io' is '" + io + "', but " + *reason + "; allowed: " + allowed + ".");
  }
  read.request.io = back_ends.select(read.io);
  return std::move(read.request);
}

}  // namespace loopscope::routes
