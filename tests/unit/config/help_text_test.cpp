// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "server/config/command_line.hpp"

namespace loopscope::config {
namespace {

early_exit exit_of(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "loopscope");
  return std::get<early_exit>(parse_command_line(static_cast<int>(arguments.size()), arguments.data()));
}

std::string output_of(const std::vector<const char*>& arguments) {
  const early_exit exit = exit_of(arguments);
  EXPECT_EQ(exit.exit_code, exit_done) << arguments.front();
  return exit.out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::size_t widest(const std::string& text) {
  std::size_t longest = 0;
  for (const std::string& line : lines_of(text)) longest = std::max(longest, line.size());
  return longest;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(help, fits_a_terminal_of_24_lines_and_80_columns) {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"--help"}, {"serve", "--help"}, {"-h"}}) {
    const std::string text = output_of(arguments);
    EXPECT_LT(lines_of(text).size(), 24U) << text;  // the last one is the prompt's
    EXPECT_LE(widest(text), 80U) << text;
    for (const char* each : {"watch", "write", "healthcheck", "--listen ADDRESS", "--data-dir DIRECTORY", "--help-all",
                             "--licenses", "loopscope-data"})
      EXPECT_TRUE(contains(text, each)) << each << '\n' << text;
    EXPECT_FALSE(contains(text, "--max-")) << text;
  }
}

TEST(help, has_every_flag_of_serve_when_all_are_asked_for) {
  const std::string text = output_of({"--help-all"});
  EXPECT_EQ(text, output_of({"serve", "--help-all"}));
  EXPECT_LE(widest(text), 80U) << text;
  for (const char* each :
       {"Flags of serve:", "Writes and their limits:", "Clients and their limits:", "Access:", "Log and configuration:",
        "--max-writes N", "--header-timeout TIME", "INT in [1 - 256]", "(Env:LOOPSCOPE_MAX_PENDING_BYTES)", "--relay"})
    EXPECT_TRUE(contains(text, each)) << each << '\n' << text;
}

TEST(help, of_a_command_has_its_usage_and_its_flags) {
  EXPECT_TRUE(contains(output_of({"write", "--help"}), "loopscope write METHOD [FLAGS]"));
  EXPECT_TRUE(contains(output_of({"write", "--help"}), "--durability WHEN"));
  EXPECT_TRUE(contains(output_of({"healthcheck", "--help"}), "--timeout TIME"));
  const std::string watch = output_of({"watch", "--help"});
  EXPECT_TRUE(contains(watch, "loopscope watch [FLAGS] -- COMMAND [ARG...]")) << watch;
  EXPECT_TRUE(contains(watch, "(Env:LOOPSCOPE_WATCH_ADMIN)")) << watch;
  for (const char* each : {"write", "healthcheck", "watch", "completion", "man"})
    EXPECT_LE(widest(output_of({each, "--help"})), 80U) << each;
}

TEST(manual_page, has_every_command_and_flag) {
  const std::string page = output_of({"man"});
  EXPECT_TRUE(page.starts_with(".TH LOOPSCOPE 1 ")) << page.substr(0, 80);
  for (const char* each : {".SH NAME", ".SH FLAGS OF SERVE", ".SH FLAGS OF WATCH", "\\-\\-max\\-writes N",
                           "\\-\\-no\\-runtime\\-names", ".SH EXIT STATUS", "LOOPSCOPE_DATA_DIR"})
    EXPECT_TRUE(contains(page, each)) << each;
  for (const auto& line : lines_of(page)) EXPECT_FALSE(line.starts_with("'")) << line;
}

TEST(completion, is_a_script_with_commands_flags_and_methods) {
  const std::string script = output_of({"completion", "bash"});
  for (const char* each : {"complete -o bashdefault", "serve write healthcheck watch completion man", "--max-writes",
                           "write) words='sync ", "watch) words='--", "completion) words='bash "})
    EXPECT_TRUE(contains(script, each)) << each << '\n' << script;
  EXPECT_EQ(exit_of({"completion"}).exit_code, exit_bad_usage);
  EXPECT_EQ(exit_of({"completion", "tcsh"}).exit_code, exit_bad_usage);
}

TEST(licenses, are_the_projects_and_those_of_what_is_built_in) {
  const std::string text = output_of({"--licenses"});
  for (const char* each : {"MIT License", "the loopscope authors", "CLI11 (BSD-3-Clause), built in:"})
    EXPECT_TRUE(contains(text, each)) << each;
}

TEST(wrong_usage, is_answered_with_the_nearest_word) {
  const auto message = [](const std::vector<const char*>& arguments) {
    const early_exit exit = exit_of(arguments);
    EXPECT_EQ(exit.exit_code, exit_bad_usage);
    return exit.err.substr(0, exit.err.find('\n'));
  };
  EXPECT_EQ(message({"wach", "--", "node", "x.js"}), "'wach' is not a command (did you mean watch?)");
  EXPECT_EQ(message({"serv"}), "'serv' is not a command (did you mean serve?)");
  EXPECT_EQ(message({"dance"}), "'dance' is not a command");
  EXPECT_EQ(message({"--max-write", "3"}), "'--max-write' is not a flag (did you mean --max-writes?)");
  EXPECT_EQ(message({"--lisen=127.0.0.1:0"}), "'--lisen' is not a flag (did you mean --listen?)");
  EXPECT_EQ(message({"--no-such-flag"}), "'--no-such-flag' is not a flag");
  EXPECT_EQ(message({"write", "sync", "--durabilty", "disk"}),
            "'--durabilty' is not a flag (did you mean --durability?)");
  EXPECT_EQ(message({"watch", "--treshold", "x"}), "'--treshold' is not a flag (did you mean --threshold?)");
  EXPECT_TRUE(contains(message({"write", "snyc"}), "(did you mean sync?)"));
}

}  // namespace
}  // namespace loopscope::config
