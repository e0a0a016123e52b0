// SPDX-License-Identifier: MIT

// HTTP/1.1 from bytes to bytes: parser, dispatch and connection_fsm together, without sockets.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <regex>

#include "grammar_cases.hpp"
#include "memory_client.hpp"
#include "server/http/problem.hpp"

namespace loopscope::http {
namespace {

using test::http_case;
using test::memory_client;
using test::next_request;

constexpr std::size_t small_case_bytes = 4096;

task<response> serve_write(const request& request) {
  const auto parameters = request.parameters();
  const bool valid = std::all_of(parameters.begin(), parameters.end(), [](const parameter& each) {
    return (each.name == "method" && each.value == "stream") || (each.name == "count" && each.value == "1");
  });
  if (!valid) co_return to_response({.status = 400, .detail = "This parameter is not known."});
  co_return response::text("written\n");
}

const router& routes() {
  static const router all = [] {
    router made;
    made.fixed("/hello", response::text("hello\n"));
    made.fixed("/healthz", response::text("healthy\n"));
    for (const auto method : {verb::get, verb::post}) made.add(method, "/write", serve_write, {.head_from_get = false});
    return made;
  }();
  return all;
}

bool is_http_date(const std::string& text) {
  static std::string checked;  // a regular expression for each of 20,000 equal dates would take seconds
  if (text == checked) return true;
  static const std::regex form("(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT");
  if (!std::regex_match(text, form)) return false;
  checked = text;
  return true;
}

void check_response(const test::parsed_response& response, bool closes) {
  EXPECT_EQ(response.header("server"), "loopscope");
  EXPECT_TRUE(is_http_date(response.header("date"))) << response.header("date");
  EXPECT_EQ(response.header("connection") == "close", closes);
  if (response.status < 400) return;
  EXPECT_EQ(response.header("content-type"), "application/problem+json");
  if (response.body.empty()) return;
  const auto problem = nlohmann::json::parse(response.body);
  EXPECT_EQ(problem.at("status"), response.status);
  EXPECT_TRUE(problem.at("detail").get<std::string>().ends_with(".")) << problem;
}

void run_case(const http_case& each, std::size_t piece) {
  memory_client client(routes());
  client.send(each.bytes, piece);
  const bool closes = each.end == http_case::ending::closes;
  for (std::size_t i = 0; i < each.statuses.size(); ++i) {
    const bool headless = std::find(each.headless.begin(), each.headless.end(), i) != each.headless.end();
    auto response = client.receive(headless);
    if (response.status == 100) response = client.receive(headless);  // the body came in a later piece
    ASSERT_EQ(response.status, each.statuses[i]) << i << ' ' << response.body;
    check_response(response, closes && i + 1 == each.statuses.size());
  }
  // After a request that closes, nothing is a request. Otherwise the next one is served.
  EXPECT_EQ(client.has_ended(), closes);
  client.send(next_request);
  if (!closes) {
    EXPECT_EQ(client.receive().body, "hello\n");
  }
  EXPECT_FALSE(client.has_more());
}

class grammar : public ::testing::TestWithParam<test::http_case_group> {
 protected:
  template <class Action>
  static void for_each_case(Action action) {
    for (const auto& each : GetParam().cases) {
      SCOPED_TRACE(each.name);
      try {
        action(each);
      } catch (const std::exception& failure) {
        ADD_FAILURE() << failure.what();
      }
    }
  }
};

TEST_P(grammar, is_served_or_refused_as_the_table_says) {
  for_each_case([](const http_case& each) { run_case(each, each.bytes.size()); });
}

TEST_P(grammar, is_the_same_however_the_bytes_are_split) {
  for_each_case([](const http_case& each) {
    if (each.bytes.size() > small_case_bytes) return run_case(each, 1000);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, 1 + each.bytes.size() / 2}) run_case(each, piece);
  });
}

INSTANTIATE_TEST_SUITE_P(of, grammar, ::testing::ValuesIn(test::grammar_cases()),
                         [](const auto& each) { return each.param.name; });

TEST(connection_options, of_1_0_are_repeated_in_the_response) {
  memory_client client(routes());
  client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.receive().header("connection"), "keep-alive");
  client.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.receive().header("connection"), "close");
  EXPECT_TRUE(client.has_ended());
}

TEST(interim_response, asks_for_a_body_that_the_client_holds_back) {
  const std::string post = "POST /write?method=stream HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n";
  const std::pair<std::string, std::string> framings[] = {
      {"Content-Length: 3\r\n\r\n", "abc"}, {"Transfer-Encoding: chunked\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n"}};
  for (const auto& [fields, body] : framings) {
    memory_client client(routes());
    client.send(post + fields);
    EXPECT_EQ(client.receive().status, 100);
    EXPECT_FALSE(client.has_more());
    client.send(body + next_request);
    EXPECT_EQ(client.receive().body, "written\n");
    EXPECT_EQ(client.receive().body, "hello\n");
  }
}

TEST(interim_response, follows_the_responses_to_earlier_requests) {
  memory_client client(routes());
  client.send(next_request + "POST /write HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive().status, 100);
  client.send("abc");
  EXPECT_EQ(client.receive().body, "written\n");
}

TEST(half_close, behind_whole_requests_leaves_their_responses) {
  memory_client client(routes());
  client.send(next_request + "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n\r\n");
  client.half_close();
  EXPECT_EQ(client.receive().status, 200);
  EXPECT_EQ(client.receive().status, 404);
  EXPECT_FALSE(client.has_more());
  EXPECT_TRUE(client.has_ended());
}

TEST(half_close, inside_a_request_gets_no_response) {
  const std::string post = "POST /write HTTP/1.1\r\nHost: x\r\n";
  for (const std::string& bytes :
       {std::string("GET /hel"), std::string("GET /hello HTTP/1.1\r\nHost: x\r\n"),
        post + "Content-Length: 9\r\n\r\nabc", post + "Transfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    memory_client client(routes());
    client.send(bytes);
    client.half_close();
    EXPECT_FALSE(client.has_more()) << bytes;
    EXPECT_TRUE(client.has_ended()) << bytes;
  }
}

class size_limits : public ::testing::Test {
 protected:
  void expect_boundary(const std::string& fitting, const std::string& too_large, int status) {
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{1} << 30}) {
      memory_client client(routes(), bounds_);
      client.send(fitting + next_request, piece);
      EXPECT_EQ(client.receive().status, 200);
      EXPECT_EQ(client.receive().status, 200);
      client.send(too_large + next_request, piece);
      EXPECT_EQ(client.receive().status, status);
      EXPECT_FALSE(client.has_more());
      EXPECT_TRUE(client.has_ended());
    }
  }

  limits bounds_;
};

TEST_F(size_limits, of_a_target_and_a_header_are_exact) {
  const std::string host = " HTTP/1.1\r\nHost: localhost\r\n";
  const auto of_target = [&host](std::size_t bytes) {
    return "GET /hello?" + std::string(bytes - 7, 'a') + host + "\r\n";
  };
  const auto of_header = [&host](std::size_t bytes) {
    const std::string start = "GET /hello" + host + "X-A:";
    return start + std::string(bytes - start.size() - 4, 'a') + "\r\n\r\n";
  };
  for (const std::size_t limit : {100U, 100'000U}) {
    SCOPED_TRACE(limit);
    bounds_.max_target_bytes = limit;
    bounds_.max_header_bytes = 2 * limit + 100;
    expect_boundary(of_target(limit), of_target(limit + 1), 414);
    expect_boundary(of_header(2 * limit + 100), of_header(2 * limit + 101), 431);
  }
}

TEST_F(size_limits, of_the_number_of_fields_is_exact) {
  const auto of_fields = [](std::size_t count) {
    std::string fields = "GET /hello HTTP/1.1\r\nHost: localhost\r\n";
    for (std::size_t i = 1; i < count; ++i) fields += "X-A: b\r\n";
    return fields + "\r\n";
  };
  bounds_.max_header_fields = 500;
  bounds_.max_header_bytes = 65'536;
  expect_boundary(of_fields(500), of_fields(501), 431);
}

TEST_F(size_limits, of_a_body_is_exact_whether_its_length_is_given_or_not) {
  const std::string post = "POST /write HTTP/1.1\r\nHost: localhost\r\n";
  const auto with_length = [&post](std::size_t bytes) {
    return post + "Content-Length: " + std::to_string(bytes) + "\r\n\r\n" + std::string(bytes, 'a');
  };
  const auto in_chunks = [&post](std::size_t bytes) {
    const std::string half(bytes / 2, 'a');
    const std::string rest(bytes - half.size(), 'a');
    std::string chunks;
    for (const auto& chunk : {half, rest}) {
      char size[20];
      std::snprintf(size, sizeof size, "%zx", chunk.size());
      chunks += size + ("\r\n" + chunk) + "\r\n";
    }
    return post + "Transfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n";
  };
  for (const std::size_t limit : {10U, 1'000'000U}) {
    SCOPED_TRACE(limit);
    bounds_.max_body_bytes = limit;
    expect_boundary(with_length(limit), with_length(limit + 1), 413);
    expect_boundary(in_chunks(limit), in_chunks(limit + 1), 413);
  }
}

TEST(client_text, becomes_no_header_and_no_response) {
  const std::string evil = "%0d%0aX-Evil:%20yes%0d%0a%0d%0aHTTP/1.1%20200%20OK";
  const auto with_line = [](const std::string& line, const std::string& fields = "") {
    return line + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
  };
  for (const auto& bytes :
       {with_line("GET /" + evil), with_line("GET /write?method=" + evil), with_line("GET /write?" + evil + "=1"),
        with_line("OPTIONS /" + evil), with_line("GET /hello?" + evil),
        with_line("GET /hello", "Origin: http://localhost%0d%0aX-Evil: yes\r\n")}) {
    memory_client client(routes());
    client.send(bytes + next_request);
    EXPECT_EQ(client.receive().headers.count("x-evil"), 0U) << bytes;
    EXPECT_EQ(client.receive().body, "hello\n") << bytes;
  }
}

}  // namespace
}  // namespace loopscope::http
