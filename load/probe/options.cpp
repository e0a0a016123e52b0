// SPDX-License-Identifier: MIT

#include "options.hpp"

#include <sys/un.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "server/support/arguments.hpp"
#include "text.hpp"
#include "writers/system/number.hpp"

#ifndef LOOPSCOPE_VERSION
#error "LOOPSCOPE_VERSION comes from CMakeLists.txt"
#endif

namespace loopscope::probe {
namespace {

using std::chrono::microseconds;

constexpr std::size_t max_connections = 50'000;
constexpr double max_rate_per_s = 1e6;
constexpr std::size_t max_request_body_bytes = 64u << 20;
constexpr std::size_t max_socket_path = sizeof(sockaddr_un::sun_path) - 1;

CLI::Option* seconds_option(CLI::App& app, const std::string& name, microseconds& value, const std::string& help) {
  return duration_option(app, name, value, std::chrono::seconds{1}, microseconds{0}, help);
}

bool read_rate(std::string_view text, double& rate_per_s) {
  if (text.ends_with("/s")) text.remove_suffix(2);
  const auto rate = system::parse_number<double>(text);
  if (!rate || !(*rate > 0) || *rate > max_rate_per_s) return false;
  rate_per_s = *rate;
  return true;
}

void declare_schedule(CLI::App& app, run_options& options) {
  const auto read_url = [&options](const std::string& text) {
    auto target = parse_http_url(text);
    if (target) options.target = std::move(*target);
    options.url = text;
    return target.has_value();
  };
  parsed_option(app, "--url", read_url, "an http:// URL", "URL to request; http only")->required();
  parsed_option(
      app, "--rate", [&options](const std::string& text) { return read_rate(text, options.rate_per_s); },
      "a rate above 0 and up to 1000000/s, such as 1000/s", "Requests per second, such as 1000/s")
      ->default_str("200/s");
  seconds_option(app, "--duration", options.duration, "How long to send requests");
  const auto read_kind = [&options](const std::string& text) {
    options.kind = text == "poisson" ? schedule_kind::poisson : schedule_kind::uniform;
    return text == "poisson" || text == "uniform";
  };
  parsed_option(app, "--schedule", read_kind, "uniform or poisson",
                "Gaps between requests: uniform, or poisson (random with the same mean)")
      ->default_str("uniform");
  app.add_option("--seed", options.seed, "Seed of the random gaps")->capture_default_str();
  seconds_option(app, "--drain", options.drain,
                 "How long to wait for responses after the schedule's end or Ctrl-C; requests still waiting then count "
                 "with their current age");
}

/// The text, or after "@" the content of the file with this name. Throws CLI::ValidationError.
std::string blocking_read_body(const std::string& name, const std::string& text) {
  if (!text.starts_with('@')) return text;
  const std::string path = text.substr(1);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::string body;
  char part[64 << 10];
  for (std::size_t size = 1; file && size > 0; body.append(part, size)) {
    size = std::fread(part, 1, sizeof part, file.get());
    if (body.size() + size > max_request_body_bytes) {
      throw CLI::ValidationError(name, "'" + path + "' is larger than the maximum of 64 MiB");
    }
  }
  if (!file || std::ferror(file.get()) != 0) {
    throw CLI::ValidationError(name, "cannot read '" + path + "': " + std::generic_category().message(errno));
  }
  return body;
}

void declare_request(CLI::App& app, run_options& options) {
  const auto read_method = [&options](const std::string& text) {
    options.request.method = text;
    return is_method(text);
  };
  parsed_option(app, "--method", read_method, "a method: letters, digits and !#$%&'*+-.^_`|~, and not CONNECT",
                "Method of the request; POST is the default with --body")
      ->default_str("GET");
  const auto read_headers = [&options](const std::vector<std::string>& all) {
    for (const auto& text : all) {
      const auto field = parse_header_field(text);
      if (!field) {
        throw CLI::ValidationError("-H", "'" + text + "' is not 'Name: value' on one line, without control characters");
      }
      if (is_own_field(field->name)) {
        throw CLI::ValidationError("-H", field->name +
                                             " is set by the probe itself; allowed: any field but "
                                             "Content-Length, Transfer-Encoding, Connection and Upgrade");
      }
      options.request.headers.push_back(*field);
    }
  };
  app.add_option_function<std::vector<std::string>>("-H,--header", read_headers,
                                                    "A header field 'Name: value', also for the trigger (repeatable); "
                                                    "Host and User-Agent replace the probe's own")
      ->type_name("FIELD")
      ->allow_extra_args(false);
  const auto read_body = [&options](const std::string& text) {
    options.request.body = blocking_read_body("--body", text);
  };
  app.add_option_function<std::string>("--body", read_body, "Body of the request: TEXT, or @FILE for a file's content")
      ->type_name("TEXT|@FILE");
  const auto read_expect = [&options](const std::string& text) {
    const auto parsed = expected_statuses::parse(text);
    if (parsed) options.expect = *parsed;
    return parsed.has_value();
  };
  parsed_option(app, "--expect", read_expect, expected_statuses::allowed,
                "Statuses of successful responses, such as 2xx or 200,404; latency is measured over them, other "
                "responses are counted separately and are errors")
      ->default_str("2xx");
}

void declare_connections(CLI::App& app, run_options& options) {
  app.add_option("--connections", options.connections, "Connections opened before the first request")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, max_connections));
  app.add_option("--max-connections", options.max_connections,
                 "Maximum connections: more are opened when all are busy; beyond this, requests wait in a queue")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, max_connections));
  const auto read_socket = [&options](const std::string& text) {
    options.unix_socket = text;
    return !text.empty() && text.size() <= max_socket_path;
  };
  parsed_option(app, "--unix-socket", read_socket,
                "a path of 1 to " + std::to_string(max_socket_path) + " bytes, the kernel's limit",
                "Connect to this socket instead of the URL's host")
      ->type_name("PATH");
  app.add_flag("--spread", options.spread,
               "Use all addresses of the URL's host in turn, for connections and for requests; otherwise use the first "
               "address that accepts a connection");
}

void declare_trigger(CLI::App& app, run_options& options) {
  const auto read_trigger = [&options](const std::string& text) {
    options.trigger = parse_request_line(text);
    options.trigger_text = text;
    return options.trigger.has_value();
  };
  parsed_option(app, "--trigger", read_trigger, "METHOD /target, such as 'POST /write?method=sync'",
                "One request during the run, 'METHOD /target', on its own connection");
  seconds_option(app, "--trigger-at", options.trigger_at, "When to send the trigger, from the schedule's start")
      ->needs("--trigger");
}

void declare_file(CLI::App& app, const std::string& name, std::optional<std::string>& file, const std::string& help) {
  const auto read = [&file](const std::string& text) {
    file = text;
    return !text.empty();
  };
  parsed_option(app, name, read, "a file name, or - for stdout", help)->type_name("FILE");
}

void declare_output(CLI::App& app, run_options& options) {
  declare_file(app, "--json", options.json_file, "Write all results as JSON to FILE, or to stdout for -");
  declare_file(app, "--csv", options.csv_file,
               "Write one row for each request: scheduled, sent, done, status, expected, repeated");
  declare_file(app, "--hgrm", options.hgrm_file, "Write latencies in HdrHistogram's percentile format, in ms");
  app.add_option("--max-error-rate", options.max_error_rate,
                 "Exit with 4 if a larger share of the requests fails or gets a status that --expect does not allow")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_flag("--quiet", options.quiet, "Show no progress on stderr");
}

/// Checks the combination of options. Returns an empty text if it is allowed.
std::string contradiction(const CLI::App& app, run_options& options) {
  if (options.duration <= microseconds{0}) return "--duration: must be above 0";
  const double expected = options.rate_per_s * std::chrono::duration<double>(options.duration).count();
  if (expected > max_requests) {
    return "--rate times --duration: " + with_commas(static_cast<std::uint64_t>(expected)) + " requests; at most " +
           with_commas(static_cast<std::uint64_t>(max_requests));
  }
  if (options.connections > options.max_connections) {
    if (app.count("--max-connections") > 0) return "--connections: more than --max-connections";
    options.max_connections = options.connections;
  }
  if (options.trigger && options.trigger_at >= options.duration) return "--trigger-at: not inside --duration";
  if (options.spread && options.unix_socket) return "--spread: a --unix-socket is one address";
  const auto is_host = [](const header_field& field) { return boost::beast::iequals(field.name, "Host"); };
  if (std::ranges::count_if(options.request.headers, is_host) > 1) return "-H: Host is given more than once";
  const std::array<std::pair<const char*, const std::optional<std::string>*>, 3> files{
      {{"--json", &options.json_file}, {"--csv", &options.csv_file}, {"--hgrm", &options.hgrm_file}}};
  for (auto one = files.begin(); one != files.end(); ++one) {
    for (auto other = files.begin(); other != one; ++other) {
      if (*one->second && *one->second == *other->second) {
        return std::string(one->first) + ": the same file as " + other->first;
      }
    }
  }
  return {};
}

}  // namespace

std::variant<run_options, early_exit> parse_command_line(int argc, const char* const* argv) {
  CLI::App app{
      "loopscope-probe: sends requests on a fixed schedule, whether responses arrive or not, and measures latency\n"
      "from the scheduled time of each request.",
      "loopscope-probe"};
  app.set_version_flag("--version", "loopscope-probe " LOOPSCOPE_VERSION);
  app.footer(
      "Exit codes: 0 measured, 1 could not run or write a file, 2 wrong usage, 3 target not reachable,\n"
      "4 more errors than --max-error-rate (failed requests, responses with a status that --expect does not allow),\n"
      "128 + N ended early by signal N; the results up to then are reported.");
  run_options options;
  declare_schedule(app, options);
  declare_request(app, options);
  declare_connections(app, options);
  declare_trigger(app, options);
  declare_output(app, options);
  if (auto exit = parse_arguments(app, argc, argv)) return *exit;
  if (const std::string message = contradiction(app, options); !message.empty()) return wrong_usage(message);
  options.request.target = options.target.target;
  if (options.request.body && app.count("--method") == 0) options.request.method = "POST";
  if (options.trigger) options.trigger->headers = options.request.headers;
  return options;
}

}  // namespace loopscope::probe
