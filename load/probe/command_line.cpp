#include "command_line.hpp"

#include <sys/un.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <sstream>
#include <system_error>

#include "server/support/duration.hpp"
#include "text.hpp"

#ifndef LOOPSCOPE_VERSION
#error "LOOPSCOPE_VERSION comes from CMakeLists.txt"
#endif

namespace loopscope::probe {
namespace {

using std::chrono::microseconds;

constexpr std::size_t most_connections = 50'000;
constexpr double highest_rate_per_s = 1e6;
constexpr std::size_t largest_body_bytes = 64u << 20;
constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;

/// A flag whose value is read by `parse`, which answers whether it took the text.
template <class Parse>
CLI::Option* parsed_flag(CLI::App& app, const std::string& name, Parse parse, const std::string& allowed,
                         const std::string& help) {
  const auto read = [parse, name, allowed](const std::string& text) {
    if (!parse(text)) throw CLI::ValidationError(name, "'" + text + "' is not " + allowed);
  };
  return app.add_option_function<std::string>(name, read, help)->type_name("");
}

CLI::Option* duration_flag(CLI::App& app, const std::string& name, microseconds& value, const std::string& help) {
  const auto read = [&value](const std::string& text) {
    const auto parsed = parse_duration(text, std::chrono::seconds{1});
    if (parsed) value = *parsed;
    return parsed.has_value();
  };
  return parsed_flag(app, name, read, "a duration such as 500ms or 8s", help + " (a bare number: seconds)")
      ->default_str(with_decimals(static_cast<double>(value.count()) / 1e6, 0) + "s");
}

bool read_rate(std::string_view text, double& rate_per_s) {
  if (text.ends_with("/s")) text.remove_suffix(2);
  const auto [end, error] = std::from_chars(text.begin(), text.end(), rate_per_s, std::chars_format::fixed);
  return error == std::errc{} && end == text.end() && rate_per_s > 0 && rate_per_s <= highest_rate_per_s;
}

void declare_schedule(CLI::App& app, options& asked) {
  const auto read_url = [&asked](const std::string& text) {
    auto target = parse_http_url(text);
    if (target) asked.target = std::move(*target);
    asked.url = text;
    return target.has_value();
  };
  parsed_flag(app, "--url", read_url, "an http:// URL", "What to ask for; http only")->required();
  parsed_flag(
      app, "--rate", [&asked](const std::string& text) { return read_rate(text, asked.rate_per_s); },
      "a rate above 0, such as 1000/s", "Requests a second, such as 1000/s")
      ->default_str("200/s");
  duration_flag(app, "--duration", asked.duration, "How long to send");
  const auto read_kind = [&asked](const std::string& text) {
    asked.kind = text == "poisson" ? schedule_kind::poisson : schedule_kind::uniform;
    return text == "poisson" || text == "uniform";
  };
  parsed_flag(app, "--schedule", read_kind, "uniform or poisson", "uniform, or poisson: random gaps of that mean")
      ->default_str("uniform");
  app.add_option("--seed", asked.seed, "Of the random gaps")->capture_default_str();
  duration_flag(app, "--drain", asked.drain,
                "How long after the schedule's end to wait for answers; what is unanswered then, at 0 everything, "
                "counts at the age it has");
}

/// Text, or after "@" the name of the file that holds it. Throws CLI::ValidationError.
std::string blocking_read_body(const std::string& name, const std::string& text) {
  if (!text.starts_with('@')) return text;
  const std::string path = text.substr(1);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  std::string body;
  char part[64 << 10];
  for (std::size_t size = 1; file && size > 0; body.append(part, size)) {
    size = std::fread(part, 1, sizeof part, file.get());
    if (body.size() + size > largest_body_bytes) {
      throw CLI::ValidationError(name, "'" + path + "' is larger than 64 MiB, the most that is allowed");
    }
  }
  if (!file || std::ferror(file.get()) != 0) {
    throw CLI::ValidationError(name, "cannot read '" + path + "': " + std::generic_category().message(errno));
  }
  return body;
}

void declare_request(CLI::App& app, options& asked) {
  const auto read_method = [&asked](const std::string& text) {
    asked.sends.method = text;
    return is_method(text);
  };
  parsed_flag(app, "--method", read_method, "a method: letters, digits and !#$%&'*+-.^_`|~, and not CONNECT",
              "The request's method; POST is the default with --body")
      ->default_str("GET");
  const auto read_headers = [&asked](const std::vector<std::string>& all) {
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
      asked.sends.headers.push_back(*field);
    }
  };
  app.add_option_function<std::vector<std::string>>("-H,--header", read_headers,
                                                    "A header field 'Name: value', also of the trigger; may be given "
                                                    "more than once; Host and User-Agent replace the probe's own")
      ->type_name("FIELD")
      ->allow_extra_args(false);
  const auto read_body = [&asked](const std::string& text) { asked.sends.body = blocking_read_body("--body", text); };
  app.add_option_function<std::string>("--body", read_body, "The request's body: TEXT, or @FILE for what FILE holds")
      ->type_name("TEXT|@FILE");
  const auto read_expect = [&asked](const std::string& text) {
    const auto parsed = expected_statuses::parse(text);
    if (parsed) asked.expect = *parsed;
    return parsed.has_value();
  };
  parsed_flag(app, "--expect", read_expect, expected_statuses::allowed,
              "Statuses of answers that did what was asked, such as 2xx or 200,404: latency is theirs, other answers "
              "are told apart and are errors")
      ->default_str("2xx");
}

void declare_connections(CLI::App& app, options& asked) {
  app.add_option("--connections", asked.connections, "Opened before the first request")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, most_connections));
  app.add_option("--max-connections", asked.max_connections,
                 "Most at once: more are opened when all are busy; beyond it requests wait in line")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, most_connections));
  const auto read_socket = [&asked](const std::string& text) {
    asked.unix_socket = text;
    return !text.empty() && text.size() <= longest_socket_path;
  };
  parsed_flag(app, "--unix-socket", read_socket,
              "a path of 1 to " + std::to_string(longest_socket_path) + " bytes, the kernel's limit",
              "Connect to this socket instead of the URL's host")
      ->type_name("PATH");
  app.add_flag("--spread", asked.spread,
               "Let connections and requests take turns on all addresses that the URL's host has; otherwise all use "
               "the first that takes a connection");
}

void declare_trigger(CLI::App& app, options& asked) {
  const auto read_trigger = [&asked](const std::string& text) {
    asked.trigger = parse_request_line(text);
    asked.trigger_text = text;
    return asked.trigger.has_value();
  };
  parsed_flag(app, "--trigger", read_trigger, "METHOD /target, such as 'POST /write?method=sync'",
              "One request inside the run, 'METHOD /target', on a connection of its own");
  duration_flag(app, "--trigger-at", asked.trigger_at, "When to send it, from the schedule's start")
      ->needs("--trigger");
}

void declare_output(CLI::App& app, options& asked) {
  app.add_option("--json", asked.json_file, "Write everything measured to FILE, or to stdout for -")->type_name("FILE");
  app.add_option("--csv", asked.csv_file, "Write one row a request: scheduled, sent, done, status, expected, repeated")
      ->type_name("FILE");
  app.add_option("--hgrm", asked.hgrm_file, "Write latencies as HdrHistogram's percentile text, in ms")
      ->type_name("FILE");
  app.add_option("--max-error-rate", asked.max_error_rate,
                 "Exit 4 when a larger share fails or has an answer that --expect does not allow")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  app.add_flag("--quiet", asked.quiet, "No progress on stderr");
}

/// What no single flag can tell; empty when all is well.
std::string contradiction(const CLI::App& app, options& asked) {
  if (asked.duration <= microseconds{0}) return "--duration: must be above 0";
  const double expected = asked.rate_per_s * std::chrono::duration<double>(asked.duration).count();
  if (expected > most_requests) {
    return "--rate times --duration: " + with_commas(static_cast<std::uint64_t>(expected)) + " requests; at most " +
           with_commas(static_cast<std::uint64_t>(most_requests));
  }
  if (asked.connections > asked.max_connections) {
    if (app.count("--max-connections") > 0) return "--connections: more than --max-connections";
    asked.max_connections = asked.connections;
  }
  if (asked.trigger && asked.trigger_at >= asked.duration) return "--trigger-at: not inside --duration";
  if (asked.spread && asked.unix_socket) return "--spread: a --unix-socket is one address";
  const auto is_host = [](const header_field& field) { return boost::beast::iequals(field.name, "Host"); };
  if (std::count_if(asked.sends.headers.begin(), asked.sends.headers.end(), is_host) > 1) {
    return "-H: Host is given more than once";
  }
  const std::array<std::pair<const char*, const std::optional<std::string>*>, 3> files{
      {{"--json", &asked.json_file}, {"--csv", &asked.csv_file}, {"--hgrm", &asked.hgrm_file}}};
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

std::variant<options, leave> parse_command_line(int argc, const char* const* argv) {
  CLI::App app{
      "loopscope-probe: requests on a fixed schedule, whatever the answers do, and the latency from the time that "
      "each\n"
      "one was due.",
      "loopscope-probe"};
  app.set_version_flag("--version", "loopscope-probe " LOOPSCOPE_VERSION);
  app.footer(
      "Exit: 0 measured, 1 could not run or write a file, 2 bad usage, 3 target never reachable,\n"
      "4 more errors than --max-error-rate (requests that failed, answers that are not as --expect says),\n"
      "128 + N ended early by signal N with what was measured.");
  options asked;
  declare_schedule(app, asked);
  declare_request(app, asked);
  declare_connections(app, asked);
  declare_trigger(app, asked);
  declare_output(app, asked);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const bool asked_for = app.exit(error, out, err) == 0;
    return leave{asked_for ? exit_done : exit_bad_usage, out.str(), err.str()};
  }
  if (const std::string wrong = contradiction(app, asked); !wrong.empty()) {
    return leave{exit_bad_usage, {}, wrong + "\nRun with --help for more information.\n"};
  }
  asked.sends.target = asked.target.target;
  if (asked.sends.body && app.count("--method") == 0) asked.sends.method = "POST";
  if (asked.trigger) asked.trigger->headers = asked.sends.headers;
  return asked;
}

}  // namespace loopscope::probe
