// SPDX-License-Identifier: MIT

#include "load/probe/options.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <vector>

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;

std::variant<run_options, early_exit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"loopscope-probe", "--url", "http://localhost:8080/hello"});
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

run_options options_of(const std::vector<const char*>& arguments) {
  return std::get<run_options>(parse(arguments));
}

TEST(command_line, has_the_documented_defaults) {
  const run_options options = options_of({});
  EXPECT_EQ(options.rate_per_s, 200);
  EXPECT_EQ(options.duration, 10s);
  EXPECT_EQ(options.drain, 0s);
  EXPECT_EQ(options.connections, 10u);
  EXPECT_EQ(options.max_connections, 1000u);
  EXPECT_EQ(options.kind, schedule_kind::uniform);
  EXPECT_FALSE(options.trigger);
  EXPECT_EQ(options.request.method, "GET");
  EXPECT_EQ(options.request.target, "/hello");
  EXPECT_FALSE(options.request.body);
  EXPECT_EQ(options.expect.text(), "2xx");
  EXPECT_FALSE(options.unix_socket);
  EXPECT_FALSE(options.spread);
  EXPECT_EQ(options.max_error_rate, 0.01);
}

TEST(command_line, reads_every_flag) {
  const run_options options = options_of({"--rate",
                                          "2500/s",
                                          "--duration",
                                          "500ms",
                                          "--connections",
                                          "3",
                                          "--max-connections",
                                          "4",
                                          "--schedule",
                                          "poisson",
                                          "--seed",
                                          "9",
                                          "--trigger",
                                          "POST /write?method=sync",
                                          "--trigger-at",
                                          "200ms",
                                          "--drain",
                                          "2",
                                          "--json",
                                          "-",
                                          "--csv",
                                          "a.csv",
                                          "--hgrm",
                                          "a.hgrm",
                                          "--max-error-rate",
                                          "0.5",
                                          "--quiet"});
  EXPECT_EQ(options.target.target, "/hello");
  EXPECT_EQ(options.rate_per_s, 2500);
  EXPECT_EQ(options.duration, 500ms);
  EXPECT_EQ(options.connections, 3u);
  EXPECT_EQ(options.max_connections, 4u);
  EXPECT_EQ(options.kind, schedule_kind::poisson);
  EXPECT_EQ(options.seed, 9u);
  EXPECT_EQ(options.trigger->target, "/write?method=sync");
  EXPECT_EQ(options.trigger_at, 200ms);
  EXPECT_EQ(options.drain, 2s);
  EXPECT_EQ(options.json_file, "-");
  EXPECT_EQ(options.csv_file, "a.csv");
  EXPECT_EQ(options.hgrm_file, "a.hgrm");
  EXPECT_EQ(options.max_error_rate, 0.5);
  EXPECT_TRUE(options.quiet);
  EXPECT_EQ(options_of({"--rate", "0.5"}).rate_per_s, 0.5);
}

TEST(command_line, reads_the_request_and_the_expected_statuses) {
  const run_options options =
      options_of({"-H", "X: 1", "--header", "x: -2", "--method", "PUT", "--body", "-a\nb", "--expect", "200,404",
                  "--unix-socket", "/run/x.sock", "--trigger", "GET /slow"});
  ASSERT_EQ(options.request.headers.size(), 2u);
  EXPECT_EQ(options.request.headers[1].name, "x");
  EXPECT_EQ(options.request.headers[1].value, "-2");
  EXPECT_EQ(options.request.method, "PUT");
  EXPECT_EQ(options.request.body, "-a\nb");
  EXPECT_TRUE(options.expect.match(404));
  EXPECT_EQ(options.unix_socket, "/run/x.sock");
  EXPECT_EQ(options.trigger->headers.size(), 2u);
  EXPECT_FALSE(options.trigger->body);
  EXPECT_TRUE(options_of({"--spread"}).spread);
}

TEST(command_line, a_body_is_sent_with_post_by_default) {
  EXPECT_EQ(options_of({"--body", ""}).request.method, "POST");
  EXPECT_EQ(options_of({"--body", "a", "--method", "GET"}).request.method, "GET");
}

TEST(command_line, a_body_may_be_the_content_of_a_file) {
  const std::string path = ::testing::TempDir() + "body_of_" + std::to_string(getpid());
  std::ofstream(path, std::ios::binary) << std::string("a\0b\r\n", 5);
  EXPECT_EQ(options_of({"--body", ("@" + path).c_str()}).request.body, std::string("a\0b\r\n", 5));
  std::remove(path.c_str());
}

TEST(command_line, the_bound_follows_more_connections_unless_given) {
  EXPECT_EQ(options_of({"--connections", "2000"}).max_connections, 2000u);
}

TEST(command_line, wrong_usage_names_the_option_and_exits_with_2) {
  const std::string text(108, 'p');
  const char* const long_path = text.c_str();
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"--rate", "0"},
                                             {"--rate", "fast"},
                                             {"--rate", "-5"},
                                             {"--duration", "0s"},
                                             {"--duration", "5h"},
                                             {"--rate", "100000", "--duration", "1000s"},
                                             {"--connections", "0"},
                                             {"--connections", "5", "--max-connections", "4"},
                                             {"--schedule", "fixed"},
                                             {"--trigger", "write"},
                                             {"--trigger-at", "1s"},
                                             {"--trigger", "POST /write", "--trigger-at", "10s"},
                                             {"--max-error-rate", "2"},
                                             {"--csv", "-", "--json", "-"},
                                             {"--csv", "a", "--json", "a"},
                                             {"--expect", "1xx"},
                                             {"--expect", ""},
                                             {"--method", "CONNECT"},
                                             {"--method", "GET /"},
                                             {"--method", ""},
                                             {"-H", "no colon"},
                                             {"-H", "X: a\r\nY: b"},
                                             {"-H", "Content-Length: 5"},
                                             {"-H", "transfer-encoding: chunked"},
                                             {"-H", "Connection: close"},
                                             {"-H", "Host: a", "-H", "Host: b"},
                                             {"--body", "@/no/such/file"},
                                             {"--body", "@/"},
                                             {"--unix-socket", ""},
                                             {"--unix-socket", long_path},
                                             {"--spread", "--unix-socket", "a"},
                                             {"--json", ""},
                                             {"--csv", ""},
                                             {"--hgrm", ""},
                                             {"--bogus"}}) {
    const auto parsed = parse(arguments);
    ASSERT_TRUE(std::holds_alternative<early_exit>(parsed))
        << arguments[0] << ' ' << (arguments.size() > 1 ? arguments[1] : "");
    EXPECT_EQ(std::get<early_exit>(parsed).exit_code, exit_bad_usage);
    EXPECT_NE(std::get<early_exit>(parsed).err.find(std::string(arguments[0]).substr(0, 6)), std::string::npos)
        << std::get<early_exit>(parsed).err;
  }
}

TEST(command_line, errors_are_on_one_line_whatever_a_value_contains) {
  for (const auto& arguments : std::vector<std::vector<const char*>>{
           {"--rate", "1\nforged"}, {"--body", "@/no\nforged"}, {"--seed", "1\nforged"}}) {
    const auto text = std::get<early_exit>(parse(arguments)).err;
    EXPECT_EQ(std::ranges::count(text, '\n'), 2) << text;  // with the line about --help
    EXPECT_NE(text.find("\\n"), std::string::npos) << text;
  }
}

TEST(command_line, help_and_version_are_no_errors) {
  const auto version = std::get<early_exit>(parse({"--version"}));
  EXPECT_EQ(version.exit_code, exit_done);
  EXPECT_TRUE(version.out.starts_with("loopscope-probe "));
  EXPECT_NE(std::get<early_exit>(parse({"--help"})).out.find("--max-error-rate"), std::string::npos);
}

}  // namespace
}  // namespace loopscope::probe
