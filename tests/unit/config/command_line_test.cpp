// SPDX-License-Identifier: MIT

#include "server/config/command_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace loopscope::config {
namespace {

using namespace std::chrono_literals;

command parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "loopscope");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

serve_config serve_config_of(const std::vector<const char*>& arguments) {
  return std::get<serve_command>(parse(arguments)).config;
}

int exit_code_of(const std::vector<const char*>& arguments) {
  return std::get<early_exit>(parse(arguments)).exit_code;
}

TEST(command_line, serves_with_and_without_a_command) {
  EXPECT_TRUE(std::holds_alternative<serve_command>(parse({})));
  EXPECT_TRUE(std::holds_alternative<serve_command>(parse({"serve"})));
  EXPECT_EQ(serve_config_of({"serve", "--max-writes", "3"}).limits.max_writes, 3u);
  EXPECT_EQ(serve_config_of({"--max-writes", "3"}).limits.max_writes, 3u);
}

TEST(command_line, has_the_documented_defaults) {
  const serve_config config = serve_config_of({});
  EXPECT_EQ(config.listen.text(), "127.0.0.1:8080");
  EXPECT_EQ(config.admin->text(), "127.0.0.1:8081");
  EXPECT_EQ(config.io_threads, 1u);
  EXPECT_EQ(config.pool_threads, 4u);
  EXPECT_EQ(config.stall_threshold, 25ms);
}

TEST(command_line, reads_addresses_durations_and_sizes) {
  const serve_config config = serve_config_of({"--listen", "[::1]:0", "--admin", "off", "--stall-threshold", "40ms",
                                               "--header-timeout", "3", "--max-pending-bytes", "64MiB", "--data-dir",
                                               "/data", "--file-io", "threads", "--log-format", "json"});
  EXPECT_EQ(config.listen.text(), "[::1]:0");
  EXPECT_FALSE(config.admin);
  EXPECT_EQ(config.stall_threshold, 40ms);
  EXPECT_EQ(config.clients.header_timeout, 3s);
  EXPECT_EQ(config.limits.max_pending_bytes, 64u << 20);
  EXPECT_EQ(config.data_dir, "/data");
  EXPECT_EQ(config.file_io, writers::back_end_choice::threads);
  EXPECT_EQ(config.format, log_format::json);
}

TEST(command_line, reads_what_clients_may_take) {
  const http::limits clients =
      serve_config_of({"--max-connections", "10", "--max-connections-per-address", "3", "--max-requests-per-connection",
                       "7", "--max-pipelined", "5", "--max-backlog-bytes", "8KiB", "--max-connection-bytes", "1MiB",
                       "--body-timeout", "2s", "--idle-timeout", "4s", "--write-timeout", "500ms"})
          .clients;
  EXPECT_EQ(clients.max_connections, 10u);
  EXPECT_EQ(clients.max_connections_per_address, 3u);
  EXPECT_EQ(clients.max_requests_per_connection, 7u);
  EXPECT_EQ(clients.max_pipelined, 5u);
  EXPECT_EQ(clients.max_backlog_bytes, 8u << 10);
  EXPECT_EQ(clients.max_connection_bytes, 1u << 20);
  EXPECT_EQ(clients.body_timeout, 2s);
  EXPECT_EQ(clients.idle_timeout, 4s);
  EXPECT_EQ(clients.write_timeout, 500ms);
  EXPECT_EQ(exit_code_of({"--max-connections-per-address", "0"}), exit_bad_usage);
  EXPECT_EQ(exit_code_of({"--write-timeout", "0"}), exit_bad_usage);
}

TEST(command_line, reads_how_long_a_request_may_be) {
  const http::limits clients =
      serve_config_of({"--max-target-bytes", "1KiB", "--max-header-bytes", "2KiB", "--max-header-fields", "9",
                       "--max-body-bytes", "1MiB", "--linger-timeout", "1s"})
          .clients;
  EXPECT_EQ(clients.max_target_bytes, 1u << 10);
  EXPECT_EQ(clients.max_header_bytes, 2u << 10);
  EXPECT_EQ(clients.max_header_fields, 9u);
  EXPECT_EQ(clients.max_body_bytes, 1u << 20);
  EXPECT_EQ(clients.linger_timeout, 1s);
}

TEST(command_line, gives_one_address_all_connections_on_loopback_and_half_elsewhere) {
  const auto per_address = [](const std::vector<const char*>& arguments) {
    return serve_config_of(arguments).clients.max_connections_per_address;
  };
  EXPECT_EQ(per_address({"--max-connections", "10"}), 10u);
  EXPECT_EQ(per_address({"--max-connections", "10", "--listen", "0.0.0.0:80"}), 5u);
  EXPECT_EQ(per_address({"--max-connections", "1", "--listen", "[::]:80"}), 1u);
  EXPECT_EQ(per_address({"--max-connections-per-address", "2"}), 2u);
}

TEST(command_line, sheds_no_load_unless_told_from_which_lag) {
  EXPECT_FALSE(serve_config_of({}).limits.shed_lag);
  EXPECT_FALSE(serve_config_of({"--shed-lag", "off"}).limits.shed_lag);
  EXPECT_EQ(serve_config_of({"--shed-lag", "50ms"}).limits.shed_lag, 50ms);
  EXPECT_EQ(serve_config_of({"--shed-lag", "50"}).limits.shed_lag, 50ms);
  EXPECT_EQ(exit_code_of({"--shed-lag", "0"}), exit_bad_usage);
  EXPECT_EQ(exit_code_of({"--shed-lag", "soon"}), exit_bad_usage);
}

TEST(command_line, takes_host_names_one_by_one_or_as_a_list) {
  const std::vector<std::string> both = {"one.example", "two.example"};
  EXPECT_EQ(serve_config_of({"--allowed-host", "one.example", "--allowed-host", "two.example"}).allowed_hosts, both);
  EXPECT_EQ(serve_config_of({"--allowed-host", "one.example,two.example"}).allowed_hosts, both);
  ::setenv("LOOPSCOPE_ALLOWED_HOST", "one.example,two.example", 1);
  EXPECT_EQ(serve_config_of({}).allowed_hosts, both);
  ::unsetenv("LOOPSCOPE_ALLOWED_HOST");
  for (const char* wrong : {"one.example:80", "a b", "http://one.example", ""})
    EXPECT_EQ(exit_code_of({"--allowed-host", wrong}), exit_bad_usage) << wrong;
}

TEST(command_line, takes_the_environment_of_a_command_when_it_is_used) {
  ::setenv("LOOPSCOPE_COUNT", "7", 1);
  ::setenv("LOOPSCOPE_METHOD", "stream", 1);
  EXPECT_EQ(std::get<write_command>(parse({"write"})).request.count, 7U);
  EXPECT_EQ(std::get<write_command>(parse({"write", "sync", "--count", "8"})).request.count, 8U);
  ::setenv("LOOPSCOPE_COUNT", "none", 1);
  EXPECT_EQ(exit_code_of({"write"}), exit_bad_usage);
  EXPECT_TRUE(std::holds_alternative<serve_command>(parse({"serve"})));
  ::unsetenv("LOOPSCOPE_COUNT");
  ::unsetenv("LOOPSCOPE_METHOD");
}

TEST(command_line, takes_the_environment_for_flags_that_are_not_given) {
  ::setenv("LOOPSCOPE_MAX_WRITES", "5", 1);
  EXPECT_EQ(serve_config_of({}).limits.max_writes, 5u);
  EXPECT_EQ(serve_config_of({"--max-writes", "6"}).limits.max_writes, 6u);
  ::setenv("LOOPSCOPE_MAX_WRITES", "many", 1);
  EXPECT_EQ(exit_code_of({}), exit_bad_usage);
  ::unsetenv("LOOPSCOPE_MAX_WRITES");
}

TEST(command_line, reports_wrong_usage_with_exit_code_2_and_the_flag) {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"--listen", "here"},
                                             {"--listen", "127.0.0.1:99999"},
                                             {"--io-threads", "0"},
                                             {"--max-writes", "0"},
                                             {"--max-target-bytes", "0"},
                                             {"--max-target-bytes", "2MiB"},
                                             {"--max-header-bytes", "255"},
                                             {"--max-header-bytes", "many"},
                                             {"--max-header-fields", "0"},
                                             {"--max-body-bytes", "2GiB"},
                                             {"--max-body-bytes", "-1"},
                                             {"--stall-threshold", "soon"},
                                             {"--shutdown-grace", "-1s"},
                                             {"--file-io", "aio"},
                                             {"--log-format", "xml"},
                                             {"--log-level", "loud"}}) {
    const auto parsed = parse(arguments);
    ASSERT_TRUE(std::holds_alternative<early_exit>(parsed)) << arguments[0];
    EXPECT_EQ(std::get<early_exit>(parsed).exit_code, exit_bad_usage) << arguments[0];
    EXPECT_NE(std::get<early_exit>(parsed).err.find(arguments[0]), std::string::npos)
        << std::get<early_exit>(parsed).err;
  }
  EXPECT_EQ(exit_code_of({"--no-such-flag"}), exit_bad_usage);
  EXPECT_EQ(exit_code_of({"dance"}), exit_bad_usage);
}

TEST(command_line, reports_wrong_usage_on_one_line_whatever_the_value_contains) {
  for (const auto& arguments : std::vector<std::vector<const char*>>{
           {"--listen", "a\nloopscope: forged\x1b[2J"}, {"--io-threads", "1\nforged"}, {"--no-such\nforged"}}) {
    const auto text = std::get<early_exit>(parse(arguments)).err;
    EXPECT_EQ(std::ranges::count(text, '\n'), 2) << text;  // with the line about --help
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
    EXPECT_NE(text.find("\\n"), std::string::npos) << text;
  }
}

TEST(command_line, prints_help_version_and_configuration_with_exit_code_0) {
  EXPECT_EQ(exit_code_of({"--help"}), exit_done);
  EXPECT_EQ(exit_code_of({"--version"}), exit_done);
  const auto shown = std::get<early_exit>(parse({"--print-config", "--max-writes", "3"}));
  EXPECT_EQ(shown.exit_code, exit_done);
  EXPECT_NE(shown.out.find("\"max_writes\": 3"), std::string::npos);
}

TEST(command_line, reads_a_write) {
  const auto parsed = std::get<write_command>(
      parse({"write", "stream", "--count", "10", "--durability", "disk", "--verify", "--high-water-mark", "100"}));
  EXPECT_EQ(parsed.request.method, writers::find_method("stream"));
  EXPECT_EQ(parsed.request.count, 10u);
  EXPECT_EQ(parsed.request.durable, writers::durability::disk);
  EXPECT_TRUE(parsed.request.verify);
  EXPECT_EQ(parsed.request.high_water_mark_bytes, 100u);
}

TEST(command_line, rejects_a_write_without_a_valid_method_or_count) {
  EXPECT_EQ(exit_code_of({"write"}), exit_bad_usage);
  EXPECT_EQ(exit_code_of({"write", "turbo"}), exit_bad_usage);
  EXPECT_EQ(exit_code_of({"write", "sync", "--count", "0"}), exit_bad_usage);
  EXPECT_EQ(exit_code_of({"write", "sync", "--count", "-1"}), exit_bad_usage);
}

TEST(command_line, reads_a_health_check) {
  const auto parsed = std::get<healthcheck_command>(parse({"healthcheck", "--url", "http://127.0.0.1:1/x"}));
  EXPECT_EQ(parsed.url, "http://127.0.0.1:1/x");
}

watch_command watch_of(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "watch");
  return std::get<watch_command>(parse(std::move(arguments)));
}

TEST(command_line, reads_a_watch) {
  const auto defaults = watch_of({"--", "node", "server.js"});
  EXPECT_EQ(defaults.command, (std::vector<std::string>{"node", "server.js"}));
  EXPECT_EQ(defaults.threshold, 25ms);
  EXPECT_FALSE(defaults.json || defaults.folded || defaults.log || defaults.fail_above || defaults.admin);
  EXPECT_TRUE(defaults.runtime_names);
  EXPECT_FALSE(defaults.quiet);
  const auto all = watch_of({"--threshold", "40", "--json", "a", "--folded=b", "--log", "c", "--fail-above", "0.2s",
                             "--admin", "127.0.0.1:0", "--no-runtime-names", "--quiet", "x"});
  EXPECT_EQ(all.threshold, 40ms);
  EXPECT_EQ(all.json, "a");
  EXPECT_EQ(all.folded, "b");
  EXPECT_EQ(all.log, "c");
  EXPECT_EQ(all.fail_above, 200ms);
  EXPECT_EQ(all.admin->text(), "127.0.0.1:0");
  EXPECT_FALSE(all.runtime_names);
  EXPECT_TRUE(all.quiet);
  EXPECT_FALSE(watch_of({"--admin", "off", "x"}).admin);
}

TEST(command_line, leaves_a_watched_commands_arguments_as_they_are) {
  using arguments = std::vector<std::string>;
  EXPECT_EQ(watch_of({"node", "--json", "--", "[a,b]"}).command, (arguments{"node", "--json", "--", "[a,b]"}));
  EXPECT_EQ(watch_of({"--quiet", "--", "--", "-h", ""}).command, (arguments{"--", "-h", ""}));
  EXPECT_EQ(watch_of({"--", "loopscope", "serve"}).command, (arguments{"loopscope", "serve"}));
  EXPECT_EQ(watch_of({""}).command, arguments{""});
  EXPECT_EQ(watch_of({"--json", "--", "x"}).json, "--");
}

TEST(command_line, rejects_a_watch_without_a_command_or_with_wrong_flags) {
  for (const auto& arguments : std::vector<std::vector<const char*>>{{"watch"},
                                                                     {"watch", "--"},
                                                                     {"watch", "--quiet"},
                                                                     {"watch", "--json"},
                                                                     {"watch", "--bogus", "x"},
                                                                     {"watch", "-x", "y"},
                                                                     {"watch", "--threshold", "0", "x"},
                                                                     {"watch", "--fail-above", "off", "x"},
                                                                     {"watch", "--admin", "here", "x"},
                                                                     {"watch", "--json=", "x"},
                                                                     {"--quiet", "watch", "x"},
                                                                     {"--max-writes", "3", "watch", "x"}}) {
    EXPECT_EQ(exit_code_of(arguments), exit_bad_usage) << arguments.back();
  }
  EXPECT_EQ(exit_code_of({"watch", "--help"}), exit_done);
}

TEST(command_line, leaves_a_watched_programs_variables_to_it) {
  ::setenv("LOOPSCOPE_ADMIN", "127.0.0.1:9", 1);
  ::setenv("LOOPSCOPE_LISTEN", "nowhere", 1);
  EXPECT_FALSE(watch_of({"x"}).admin);
  ::setenv("LOOPSCOPE_WATCH_ADMIN", "127.0.0.1:7", 1);
  EXPECT_EQ(watch_of({"x"}).admin->port, 7);
  ::unsetenv("LOOPSCOPE_ADMIN");
  EXPECT_TRUE(serve_config_of({"--listen", "127.0.0.1:0"}).admin->port != 7);
  ::unsetenv("LOOPSCOPE_LISTEN");
  ::unsetenv("LOOPSCOPE_WATCH_ADMIN");
}

TEST(command_line, takes_the_environment_of_a_watch) {
  ::setenv("LOOPSCOPE_THRESHOLD", "7ms", 1);
  ::setenv("LOOPSCOPE_FAIL_ABOVE", "9ms", 1);
  ::setenv("LOOPSCOPE_NO_RUNTIME_NAMES", "true", 1);
  const auto watching = watch_of({"x"});
  EXPECT_EQ(watching.threshold, 7ms);
  EXPECT_EQ(watching.fail_above, 9ms);
  EXPECT_FALSE(watching.runtime_names);
  ::setenv("LOOPSCOPE_THRESHOLD", "soon", 1);
  EXPECT_EQ(exit_code_of({"watch", "x"}), exit_bad_usage);
  EXPECT_TRUE(std::holds_alternative<serve_command>(parse({})));
  for (const char* each : {"LOOPSCOPE_THRESHOLD", "LOOPSCOPE_FAIL_ABOVE", "LOOPSCOPE_NO_RUNTIME_NAMES"})
    ::unsetenv(each);
}

}  // namespace
}  // namespace loopscope::config
