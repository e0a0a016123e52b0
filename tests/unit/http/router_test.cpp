// SPDX-License-Identifier: MIT

#include "server/http/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "parsed_request.hpp"

namespace loopscope::http {
namespace {

task<response> nothing(const request&) {
  co_return response{};
}

class dispatch_test : public ::testing::Test {
 protected:
  dispatch_test() {
    routes_.fixed("/hello", response::text("hello\n"));
    routes_.add(verb::get, "/figures", nothing);
    for (const auto method : {verb::get, verb::post})
      routes_.add(method, "/write", nothing, {.refuse_cross_site = true, .head_from_get = false});
  }
  dispatch_plan plan(const std::string& line, const std::string& more = "") {
    asked_ = test::parsed(line + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n");
    return plan_dispatch(routes_, asked_);
  }
  static std::string allow(const dispatch_plan& plan) {
    for (const auto& [name, value] : plan.answer.headers) {
      if (name == "Allow") return value;
    }
    return "";
  }
  router routes_;
  request asked_;
};

TEST_F(dispatch_test, finds_routes_and_names_them_for_metrics) {
  const auto found = plan("GET /hello?x=1");
  ASSERT_NE(found.serve, nullptr);
  EXPECT_TRUE(found.serve->fixed);
  EXPECT_EQ(found.route_name, "/hello");
}

TEST_F(dispatch_test, lists_each_path_once_in_the_order_of_addition) {
  EXPECT_EQ(routes_.paths(), (std::vector<std::string>{"/hello", "/figures", "/write"}));
}

TEST_F(dispatch_test, answers_head_with_get) {
  for (const std::string path : {"/hello", "/figures"}) {
    EXPECT_NE(plan("HEAD " + path).serve, nullptr) << path;
    EXPECT_EQ(plan("HEAD " + path).serve, plan("GET " + path).serve) << path;
  }
}

TEST_F(dispatch_test, runs_no_handler_for_head_where_the_route_says_so) {
  const auto refused = plan("HEAD /write?method=sync");
  EXPECT_EQ(refused.serve, nullptr);
  EXPECT_EQ(refused.answer.status, 405U);
  EXPECT_EQ(allow(refused), "GET, POST, OPTIONS");
  EXPECT_EQ(allow(plan("OPTIONS /write")), "GET, POST, OPTIONS");
}

TEST_F(dispatch_test, tells_unknown_paths_and_methods_apart) {
  EXPECT_EQ(plan("GET /nowhere").answer.status, 404U);
  EXPECT_EQ(plan("GET /nowhere").route_name, "other");
  EXPECT_EQ(plan("GET /hello/").answer.status, 404U);
  const auto wrong = plan("DELETE /write");
  EXPECT_EQ(wrong.answer.status, 405U);
  EXPECT_EQ(allow(wrong), "GET, POST, OPTIONS");
  EXPECT_EQ(plan("FROB /write").answer.status, 501U);
}

TEST_F(dispatch_test, answers_options_for_a_path_and_for_all) {
  EXPECT_EQ(plan("OPTIONS /hello").answer.status, 204U);
  EXPECT_EQ(allow(plan("OPTIONS /hello")), "GET, HEAD, OPTIONS");
  EXPECT_EQ(allow(plan("OPTIONS *")), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(plan("OPTIONS /nowhere").answer.status, 404U);
}

TEST_F(dispatch_test, refuses_other_sites_where_the_route_says_so) {
  const std::string cross = "Sec-Fetch-Site: cross-site\r\n";
  EXPECT_EQ(plan("GET /write", cross).answer.status, 403U);
  EXPECT_EQ(plan("GET /write", cross).serve, nullptr);
  EXPECT_NE(plan("GET /hello", cross).serve, nullptr);
  EXPECT_NE(plan("GET /write", "Sec-Fetch-Site: same-origin\r\n").serve, nullptr);
}

TEST_F(dispatch_test, takes_no_route_twice) {
  EXPECT_THROW(routes_.fixed("/hello", response{}), std::invalid_argument);
}

TEST_F(dispatch_test, refuses_names_that_are_not_the_servers_to_handlers_only) {
  routes_.hosts(allowed_hosts(asio::ip::make_address("127.0.0.1"), {}));
  EXPECT_EQ(plan("GET /write").answer.status, 421U);
  EXPECT_EQ(plan("GET /write").serve, nullptr);
  EXPECT_EQ(plan("POST http://evil.example/write").answer.status, 421U);
  EXPECT_NE(plan("GET http://localhost/write").serve, nullptr);
  EXPECT_NE(plan("GET /hello").serve, nullptr);
}

}  // namespace
}  // namespace loopscope::http
