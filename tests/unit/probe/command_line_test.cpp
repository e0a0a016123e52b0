#include "load/probe/command_line.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <vector>

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;

std::variant<options, leave> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"loopscope-probe", "--url", "http://localhost:8080/hello"});
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

options options_of(const std::vector<const char*>& arguments) {
  return std::get<options>(parse(arguments));
}

TEST(command_line, has_the_documented_defaults) {
  const options asked = options_of({});
  EXPECT_EQ(asked.rate_per_s, 200);
  EXPECT_EQ(asked.duration, 10s);
  EXPECT_EQ(asked.drain, 0s);
  EXPECT_EQ(asked.connections, 10u);
  EXPECT_EQ(asked.max_connections, 1000u);
  EXPECT_EQ(asked.kind, schedule_kind::uniform);
  EXPECT_FALSE(asked.trigger);
  EXPECT_EQ(asked.sends.method, "GET");
  EXPECT_EQ(asked.sends.target, "/hello");
  EXPECT_FALSE(asked.sends.body);
  EXPECT_EQ(asked.expect.text(), "2xx");
  EXPECT_FALSE(asked.unix_socket);
  EXPECT_FALSE(asked.spread);
  EXPECT_EQ(asked.max_error_rate, 0.01);
}

TEST(command_line, reads_every_flag) {
  const options asked = options_of({"--rate",
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
  EXPECT_EQ(asked.target.target, "/hello");
  EXPECT_EQ(asked.rate_per_s, 2500);
  EXPECT_EQ(asked.duration, 500ms);
  EXPECT_EQ(asked.connections, 3u);
  EXPECT_EQ(asked.max_connections, 4u);
  EXPECT_EQ(asked.kind, schedule_kind::poisson);
  EXPECT_EQ(asked.seed, 9u);
  EXPECT_EQ(asked.trigger->target, "/write?method=sync");
  EXPECT_EQ(asked.trigger_at, 200ms);
  EXPECT_EQ(asked.drain, 2s);
  EXPECT_EQ(asked.json_file, "-");
  EXPECT_EQ(asked.csv_file, "a.csv");
  EXPECT_EQ(asked.hgrm_file, "a.hgrm");
  EXPECT_EQ(asked.max_error_rate, 0.5);
  EXPECT_TRUE(asked.quiet);
  EXPECT_EQ(options_of({"--rate", "0.5"}).rate_per_s, 0.5);
}

TEST(command_line, reads_what_to_send_and_what_to_expect) {
  const options asked = options_of({"-H", "X: 1", "--header", "x: -2", "--method", "PUT", "--body", "-a\nb", "--expect",
                                    "200,404", "--unix-socket", "/run/x.sock", "--trigger", "GET /slow"});
  ASSERT_EQ(asked.sends.headers.size(), 2u);
  EXPECT_EQ(asked.sends.headers[1].name, "x");
  EXPECT_EQ(asked.sends.headers[1].value, "-2");
  EXPECT_EQ(asked.sends.method, "PUT");
  EXPECT_EQ(asked.sends.body, "-a\nb");
  EXPECT_TRUE(asked.expect.match(404));
  EXPECT_EQ(asked.unix_socket, "/run/x.sock");
  EXPECT_EQ(asked.trigger->headers.size(), 2u);
  EXPECT_FALSE(asked.trigger->body);
  EXPECT_TRUE(options_of({"--spread"}).spread);
}

TEST(command_line, a_body_is_posted_unless_told_otherwise) {
  EXPECT_EQ(options_of({"--body", ""}).sends.method, "POST");
  EXPECT_EQ(options_of({"--body", "a", "--method", "GET"}).sends.method, "GET");
}

TEST(command_line, a_body_may_be_what_a_file_holds) {
  const std::string path = testing::TempDir() + "body_of_" + std::to_string(getpid());
  std::ofstream(path, std::ios::binary) << std::string("a\0b\r\n", 5);
  EXPECT_EQ(options_of({"--body", ("@" + path).c_str()}).sends.body, std::string("a\0b\r\n", 5));
  std::remove(path.c_str());
}

TEST(command_line, the_bound_follows_more_connections_unless_given) {
  EXPECT_EQ(options_of({"--connections", "2000"}).max_connections, 2000u);
}

TEST(command_line, bad_usage_says_which_flag_and_exits_2) {
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
                                             {"--bogus"}}) {
    const auto parsed = parse(arguments);
    ASSERT_TRUE(std::holds_alternative<leave>(parsed))
        << arguments[0] << ' ' << (arguments.size() > 1 ? arguments[1] : "");
    EXPECT_EQ(std::get<leave>(parsed).exit_code, exit_bad_usage);
    EXPECT_NE(std::get<leave>(parsed).err.find(std::string(arguments[0]).substr(0, 6)), std::string::npos)
        << std::get<leave>(parsed).err;
  }
}

TEST(command_line, help_and_version_are_no_errors) {
  const auto version = std::get<leave>(parse({"--version"}));
  EXPECT_EQ(version.exit_code, exit_done);
  EXPECT_TRUE(version.out.starts_with("loopscope-probe "));
  EXPECT_NE(std::get<leave>(parse({"--help"})).out.find("--max-error-rate"), std::string::npos);
}

}  // namespace
}  // namespace loopscope::probe
