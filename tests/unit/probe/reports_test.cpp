// SPDX-License-Identifier: MIT

#include "load/probe/report/report.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;

std::vector<request_record> three_requests() {
  std::vector<request_record> records{
      {0s, 0s, 1ms, 3ms, 200, true}, {1500us, 1500us, 2ms}, {2s, 2s, request_record::never, 2s}};
  records[0].ended = outcome::completed;
  records[2].ended = outcome::failed;
  records[2].cause = failure_cause::refused;
  return records;
}

/// And two refusals, one of which was sent twice, and one request that was skipped.
std::vector<request_record> six_requests() {
  auto records = three_requests();
  records.push_back({3s, 3s, 3s, 3s + 4ms, 429});
  records.push_back({4s, 4s, 4s, 4s + 5ms, 429, false, true});
  records[3].ended = records[4].ended = outcome::completed;
  records.push_back({5s, 9s});
  records[5].ended = outcome::skipped;
  return records;
}

run_result finished_run() {
  run_result run;
  run.sums = summarize(three_requests(), 2s);
  run.options.url = "http://localhost/hello";
  run.options.trigger_text = "POST /write?method=sync";
  run.reached = true;
  run.started = std::chrono::system_clock::time_point{1'700'000'000'007ms};
  run.measured_until = 2s;
  run.connections_opened = 12;
  run.connections_peak = 11;
  return run;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(json_report, has_every_figure_under_its_documented_name) {
  const auto json = to_json(finished_run());
  EXPECT_EQ(json["probe"]["url"], "http://localhost/hello");
  EXPECT_EQ(json["probe"]["schedule"], "uniform");
  EXPECT_EQ(json["probe"]["duration_s"], 10.0);
  EXPECT_EQ(json["started"], "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(json["started_unix_ms"], 1'700'000'000'007.0);
  EXPECT_EQ(json["interrupted"], false);
  EXPECT_EQ(json["requests"]["scheduled"], 3);
  EXPECT_EQ(json["requests"]["sent"], 2);
  EXPECT_EQ(json["requests"]["completed"], 1);
  EXPECT_EQ(json["requests"]["failed"]["total"], 1);
  EXPECT_EQ(json["requests"]["failed"]["by_cause"]["refused"], 1);
  EXPECT_EQ(json["requests"]["waiting_at_end"], 1);
  EXPECT_EQ(json["status"]["200"], 1);
  EXPECT_EQ(json["latency_us"]["p50"], 3000.0);
  EXPECT_EQ(json["latency_us"]["max"], 1998500.0);
  EXPECT_EQ(json["service_time_us"]["p50"], 2000.0);
  EXPECT_EQ(json["lateness_us"]["max"], 0.0);
  EXPECT_EQ(json["probe_was_bottleneck"], false);
  EXPECT_EQ(json["connections"]["peak"], 11);
  EXPECT_TRUE(json["trigger"].is_null());
}

TEST(json_report, tells_unexpected_answers_from_service) {
  run_result run = finished_run();
  run.sums = summarize(six_requests(), 10s);
  const auto json = to_json(run);
  EXPECT_EQ(json["probe"]["expect"], "2xx");
  EXPECT_EQ(json["requests"]["completed"], 3);
  EXPECT_EQ(json["requests"]["expected"], 1);
  EXPECT_EQ(json["requests"]["unexpected"], 2);
  EXPECT_EQ(json["requests"]["repeated"], 1);
  EXPECT_EQ(json["requests"]["skipped"], 1);
  EXPECT_EQ(json["errors"]["count"], 3);
  EXPECT_EQ(json["latency_us"]["p50"], 3000.0);
  EXPECT_EQ(json["unexpected_latency_us"]["p50"], 4000.0);
  EXPECT_EQ(json["unexpected_latency_us"]["max"], 5000.0);
  EXPECT_EQ(json["unexpected_service_time_us"]["max"], 5000.0);
  EXPECT_TRUE(to_json(finished_run())["unexpected_latency_us"]["max"].is_null());
}

TEST(json_report, names_every_address_and_which_was_measured) {
  run_result run = finished_run();
  run.addresses = {{"127.0.0.1:80", true, {12, 1, 3}}, {"127.0.0.2:80"}};
  const auto json = to_json(run)["addresses"];
  EXPECT_EQ(json[0]["address"], "127.0.0.1:80");
  EXPECT_EQ(json[0]["measured"], true);
  EXPECT_EQ(json[0]["connections"], 12);
  EXPECT_EQ(json[0]["unreached"], 1);
  EXPECT_EQ(json[0]["requests"], 3);
  EXPECT_EQ(json[1]["measured"], false);
}

TEST(json_report, says_null_for_what_was_not_measured) {
  const auto json = to_json(run_result{});
  EXPECT_TRUE(json["latency_us"]["p50"].is_null());
  EXPECT_TRUE(json["lateness_us"]["max"].is_null());
  EXPECT_TRUE(json["errors"]["rate"].is_null());
  EXPECT_TRUE(json["thread"]["busy"].is_null());
  EXPECT_TRUE(json["started"].is_null());
}

TEST(json_report, keeps_a_json_answer_of_the_trigger_and_other_text) {
  run_result run = finished_run();
  run.trigger = trigger_record{2s, 2001ms, 2500ms, false, 200, R"({"timing_ms":{"completed":498.5}})", ""};
  auto json = to_json(run)["trigger"];
  EXPECT_EQ(json["request"], "POST /write?method=sync");
  EXPECT_EQ(json["scheduled_at_ms"], 2000.0);
  EXPECT_EQ(json["started_ms"], 2001.0);
  EXPECT_EQ(json["ended_ms"], 2500.0);
  EXPECT_EQ(json["body"]["timing_ms"]["completed"], 498.5);
  EXPECT_TRUE(json["error"].is_null());

  run.trigger->body = "{ done";
  EXPECT_EQ(to_json(run)["trigger"]["body"], "{ done");
  run.trigger = trigger_record{2s, std::nullopt, std::nullopt, false, std::nullopt, "", "Connection refused"};
  json = to_json(run)["trigger"];
  EXPECT_TRUE(json["started_ms"].is_null());
  EXPECT_TRUE(json["status"].is_null());
  EXPECT_TRUE(json["body"].is_null());
  EXPECT_EQ(json["error"], "Connection refused");
}

TEST(json_report, survives_an_answer_that_is_not_utf_8) {
  run_result run = finished_run();
  run.trigger = trigger_record{2s, 2s, 2s, false, 200, "\xff\xfe", ""};
  EXPECT_NO_THROW(json_text(run));
}

TEST(csv_report, leaves_empty_what_did_not_happen) {
  std::ostringstream out;
  write_csv(out, six_requests());
  EXPECT_EQ(out.str(),
            "scheduled_us,sent_us,done_us,status,expected,repeated\n"
            "0,1000,3000,200,true,false\n"
            "1500,2000,,,,false\n"
            "2000000,,2000000,refused,,false\n"
            "3000000,3000000,3004000,429,false,false\n"
            "4000000,4000000,4005000,429,false,true\n"
            "5000000,,,skipped,,false\n");
}

TEST(hgrm_report, has_five_lines_for_each_halving_and_ends_at_one) {
  std::vector<double> sample;
  for (int i = 1; i <= 1000; ++i) sample.push_back(i * 1000.0);
  summary sums;
  sums.latency_us = percentiles(sample);
  std::ostringstream out;
  write_hgrm(out, sums);
  const auto lines = lines_of(out.str());
  EXPECT_EQ(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
  EXPECT_EQ(lines[1], "");
  EXPECT_EQ(lines[2], "       1.000 0.000000000000          1           1.00");
  EXPECT_EQ(lines[3], "     100.000 0.100000000000        100           1.11");
  EXPECT_EQ(lines[7], "     500.000 0.500000000000        500           2.00");
  EXPECT_EQ(lines[8], "     550.000 0.550000000000        550           2.22");
  EXPECT_EQ(lines[lines.size() - 3], "    1000.000 1.000000000000       1000            inf");
  EXPECT_EQ(lines[lines.size() - 2], "#[Mean    =      500.500, StdDeviation   =      288.675]");
  EXPECT_EQ(lines[lines.size() - 1], "#[Max     =     1000.000, Total count    =         1000]");
}

TEST(hgrm_report, of_nothing_has_no_lines) {
  std::ostringstream out;
  write_hgrm(out, summary{});
  EXPECT_EQ(lines_of(out.str()).size(), 2u);
}

TEST(hgrm_report, has_unexpected_answers_as_comments) {
  std::ostringstream out;
  write_hgrm(out, summarize(six_requests(), 10s));
  std::string expected_lines;
  std::string unexpected_lines;
  const std::string mark = "#unexpected ";
  for (const auto& line : lines_of(out.str())) {
    (line.starts_with(mark) ? unexpected_lines : expected_lines) +=
        (line.starts_with(mark) ? line.substr(mark.size()) : line) + "\n";
  }
  summary unexpected;
  unexpected.latency_us = percentiles({4000, 5000});
  std::ostringstream alone;
  write_hgrm(alone, unexpected);
  EXPECT_EQ(unexpected_lines, alone.str());
  EXPECT_NE(expected_lines.find("Total count    =            2]"), std::string::npos) << expected_lines;
}

TEST(table_report, fits_eighty_columns_whatever_was_measured) {
  run_result run = finished_run();
  run.options.url = "http://localhost/" + std::string(200, 'x');
  run.options.request.method = std::string(90, 'M');
  run.options.expect =
      *expected_statuses::parse("200,201,202,203,204,205,206,207,208,209,210,211,212,213,214,215,216,217,218,219,220");
  run.options.spread = true;
  run.addresses = {{std::string(120, 'p'), true, {9'999'999, 9'999'999, 9'999'999}}, {std::string(120, 'q')}};
  run.options.trigger_text = "POST /" + std::string(200, 'y');
  run.trigger = trigger_record{2s, 99999s, 99999s, true, 200, "", std::string(200, 'z')};
  run.sums.scheduled = run.sums.sent = run.sums.late = run.sums.completed = run.sums.waiting = 9'999'999;
  run.sums.expected = run.sums.unexpected = run.sums.repeated = run.sums.skipped = 9'999'999;
  run.sums.error_rate = 1;
  run.sums.failed = 9'999'999;
  run.sums.failed_by_cause.fill(9'999'999);
  for (unsigned status = 200; status < 240; ++status) run.sums.status[status] = 9'999'999;
  run.connections_opened = run.connections_peak = run.max_queue = 9'999'999;
  run.interrupted = true;
  run.bottleneck = {std::string(60, 'a') + " " + std::string(60, 'b')};
  for (const auto& line : lines_of(table_text(run))) EXPECT_LE(line.size(), 80u) << line;
}

TEST(table_report, warns_loudly_only_when_the_probe_was_the_bottleneck) {
  run_result run = finished_run();
  EXPECT_EQ(table_text(run).find("BOTTLENECK"), std::string::npos);
  run.bottleneck = {"its thread had no time left"};
  EXPECT_NE(table_text(run).find("*** THE PROBE WAS THE BOTTLENECK"), std::string::npos);
  EXPECT_NE(table_text(run).find("its thread had no time left"), std::string::npos);
}

TEST(table_report, tells_unexpected_answers_from_service) {
  run_result run = finished_run();
  EXPECT_EQ(table_text(run).find("unexpected"), std::string::npos);
  run.sums = summarize(six_requests(), 10s);
  const std::string text = table_text(run);
  EXPECT_NE(text.find("\nlatency            3.0 ms"), std::string::npos) << text;
  EXPECT_NE(text.find("\nunexpected         4.0 ms"), std::string::npos) << text;
  EXPECT_NE(text.find("2 unexpected"), std::string::npos) << text;
  EXPECT_NE(text.find("1 repeated"), std::string::npos) << text;
  EXPECT_NE(text.find("1 skipped"), std::string::npos) << text;
}

TEST(table_report, calls_no_run_fine_whose_answers_are_mostly_others) {
  run_result run = finished_run();
  EXPECT_EQ(table_text(run).find("***"), std::string::npos);
  run.sums = summarize(six_requests(), 10s);
  EXPECT_NE(table_text(run).find("*** MOST REQUESTS DID NOT GET WHAT THEY ASKED FOR"), std::string::npos);
  EXPECT_NE(table_text(run).find("2 of 3 responses have another status than 2xx"), std::string::npos);
}

TEST(table_report, names_the_address_and_those_that_were_not_measured) {
  run_result run = finished_run();
  run.addresses = {{"127.0.0.1:80", false}, {"127.0.0.2:80", true, {12, 0, 3}}};
  EXPECT_NE(table_text(run).find("\naddress       127.0.0.2:80\nnot measured  127.0.0.1:80\n"), std::string::npos);
  run.options.spread = true;
  run.addresses[0].measured = true;
  EXPECT_NE(table_text(run).find("127.0.0.2:80  12 connections  3 requests"), std::string::npos);
}

}  // namespace
}  // namespace loopscope::probe
