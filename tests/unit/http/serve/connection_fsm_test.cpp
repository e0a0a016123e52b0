// SPDX-License-Identifier: MIT

#include "server/http/serve/connection_fsm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace loopscope::http {
namespace {

using namespace std::chrono_literals;
using action = connection_fsm::action;
using state = connection_fsm::state;

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string get_later = "GET /later HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string get_stream = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n";

time_point fake_time;

class recording_observer final : public observer {
 public:
  void on_request_begin(int, const request&, std::string_view route) noexcept override {
    log.push_back("begin " + std::string(route));
  }
  void on_request_end(const request&, std::string_view, unsigned status, std::chrono::nanoseconds) noexcept override {
    log.push_back("end " + std::to_string(status));
  }
  void on_protocol_error(unsigned status, std::string_view) noexcept override {
    log.push_back("error " + std::to_string(status));
  }
  void on_handler_failed(std::string_view, std::string_view what) noexcept override {
    log.push_back("failed " + std::string(what));
  }
  void on_timeout(std::string_view phase) noexcept override { log.push_back("timeout " + std::string(phase)); }

  std::vector<std::string> log;
};

/// A connection without a socket: the test is the shell and the peer.
class connection_fsm_test : public ::testing::Test {
 protected:
  connection_fsm_test() {
    fake_time = time_point{} + 1h;
    routes_.fixed("/hello", response::text("hello\n"));
    const auto never = [](const request&) -> task<response> { co_return response{}; };
    routes_.add(verb::get, "/later", never);
    routes_.add(verb::get, "/stream", never);
    context_.now = []() noexcept { return fake_time; };
  }

  connection_fsm& fsm() {
    if (!fsm_) {
      fsm_.emplace(context_, 7, tcp::endpoint{}, refusal_);
      EXPECT_EQ(fsm_->opened(), action::read);
    }
    return *fsm_;
  }

  action receive(std::string_view bytes) {
    fsm();
    const auto room = fsm_->input().prepare();
    EXPECT_GE(room.size(), bytes.size());
    std::ranges::copy(bytes, room.begin());
    fsm_->input().commit(bytes.size());
    return fsm_->received(bytes.size());
  }

  /// The kernel accepts everything; returns what follows.
  action send_all() {
    sent_ += context_.out;
    return fsm_->sent(context_.out.size(), false);
  }
  /// The kernel accepts `bytes` only.
  action send_some(std::size_t bytes) {
    sent_ += context_.out.substr(0, bytes);
    return fsm_->sent(bytes, false);
  }
  action take_rest() {
    sent_ += fsm_->unsent();
    return fsm_->written(false);
  }

  std::size_t responses(std::string_view status = "HTTP/1.1 200 ") const {
    std::size_t count = 0;
    for (auto at = sent_.find(status); at != std::string::npos; at = sent_.find(status, at + 1)) ++count;
    return count;
  }
  void pass(std::chrono::milliseconds time) { fake_time += time; }
  /// Overdue in two sweeps, as sweep_policy wants it.
  bool is_overdue() { return !fsm_->overdue(fake_time) && fsm_->overdue(fake_time); }

  router routes_;
  recording_observer seen_;
  fsm_context context_{routes_, {}, seen_};
  std::string_view refusal_;
  std::string sent_;
  std::optional<connection_fsm> fsm_;
};

TEST_F(connection_fsm_test, answers_a_request_and_waits_for_the_next) {
  EXPECT_EQ(receive(get_hello), action::send);
  EXPECT_EQ(send_all(), action::read);
  EXPECT_EQ(responses(), 1U);
  EXPECT_EQ(fsm().where(), state::idle);
  EXPECT_EQ(seen_.log, (std::vector<std::string>{"begin /hello", "end 200"}));
}

TEST_F(connection_fsm_test, waits_for_the_rest_of_a_header) {
  EXPECT_EQ(receive(get_hello.substr(0, 10)), action::read);
  EXPECT_EQ(fsm().where(), state::head);
  EXPECT_EQ(receive(get_hello.substr(10)), action::send);
}

TEST_F(connection_fsm_test, sends_pipelined_responses_in_one_write) {
  EXPECT_EQ(receive(get_hello + get_hello + get_hello), action::send);
  send_all();
  EXPECT_EQ(responses(), 3U);
}

TEST_F(connection_fsm_test, lets_other_connections_have_their_turn_after_max_pipelined) {
  context_.bounds.max_pipelined = 2;
  EXPECT_EQ(receive(get_hello + get_hello + get_hello), action::send);
  EXPECT_EQ(send_all(), action::yield);
  EXPECT_EQ(fsm().where(), state::yielding);
  EXPECT_EQ(responses(), 2U);
  EXPECT_EQ(fsm().resumed(), action::send);
  EXPECT_EQ(send_all(), action::read);
  EXPECT_EQ(responses(), 3U);
}

TEST_F(connection_fsm_test, counts_the_turn_across_writes_that_the_kernel_accepts_at_once) {
  context_.bounds.max_pipelined = 2;
  context_.bounds.max_backlog_bytes = 1;  // a write per response
  EXPECT_EQ(receive(get_hello + get_hello + get_hello), action::send);
  EXPECT_EQ(send_all(), action::send);
  EXPECT_EQ(send_all(), action::yield);
}

TEST_F(connection_fsm_test, answers_a_peer_that_half_closes_while_it_yields) {
  context_.bounds.max_pipelined = 1;
  receive(get_hello + get_hello);
  EXPECT_EQ(send_all(), action::yield);
  EXPECT_EQ(fsm().peer_closed(true), action::wait);
  EXPECT_EQ(fsm().resumed(), action::send);
  EXPECT_EQ(send_all(), action::close);
  EXPECT_EQ(responses(), 2U);
}

TEST_F(connection_fsm_test, sends_finished_responses_before_it_runs_a_handler) {
  EXPECT_EQ(receive(get_hello + get_later), action::send);
  EXPECT_EQ(fsm().where(), state::before_handler);
  EXPECT_EQ(send_all(), action::run_handler);
  EXPECT_EQ(fsm().where(), state::handling);
  EXPECT_EQ(fsm().current_route().path, "/later");
}

TEST_F(connection_fsm_test, waits_for_the_peer_before_it_runs_a_handler) {
  receive(get_hello + get_later);
  EXPECT_EQ(send_some(5), action::send_rest);
  EXPECT_EQ(fsm().where(), state::before_handler);
  EXPECT_EQ(take_rest(), action::run_handler);
}

TEST_F(connection_fsm_test, answers_what_a_handler_returns_and_serves_what_was_read_ahead) {
  EXPECT_EQ(receive(get_later), action::run_handler);
  EXPECT_EQ(receive(get_hello), action::read);
  EXPECT_EQ(fsm().responded(response::text("done\n")), action::send);
  EXPECT_EQ(send_all(), action::read);
  EXPECT_EQ(responses(), 2U);
}

TEST_F(connection_fsm_test, has_no_deadline_while_a_handler_runs) {
  receive(get_later);
  pass(24h);
  EXPECT_FALSE(is_overdue());
}

TEST_F(connection_fsm_test, turns_a_failed_handler_into_a_500) {
  receive(get_later);
  EXPECT_EQ(fsm().handler_failed("secret"), action::send);
  EXPECT_EQ(send_all(), action::read);
  EXPECT_EQ(responses("HTTP/1.1 500 "), 1U);
  EXPECT_EQ(sent_.find("secret"), std::string::npos);
}

TEST_F(connection_fsm_test, tells_a_handler_that_its_client_has_left_and_still_answers) {
  receive(get_later);
  const auto gone = fsm().request().client_gone();
  EXPECT_EQ(fsm().peer_closed(true), action::wait);
  EXPECT_TRUE(gone.stop_requested());
  EXPECT_EQ(fsm().responded(response::text("late\n")), action::send);
  EXPECT_EQ(send_all(), action::close);
  EXPECT_EQ(seen_.log.back(), "end 499");
}

TEST_F(connection_fsm_test, closed_while_a_handler_runs_waits_for_it_without_a_client) {
  receive(get_later);
  const auto gone = fsm().request().client_gone();
  EXPECT_EQ(fsm().abort(), action::close);
  EXPECT_FALSE(gone.stop_requested());  // the socket is closed first
  fsm().disconnected();
  EXPECT_TRUE(gone.stop_requested());
  EXPECT_EQ(fsm().where(), state::abandoned);
  EXPECT_EQ(fsm().abort(), action::wait);
  EXPECT_EQ(fsm().responded(response::text("nobody\n")), action::wait);
  EXPECT_EQ(fsm().where(), state::closed);
  EXPECT_EQ(seen_.log.back(), "end 499");
}

TEST_F(connection_fsm_test, closes_when_the_peer_closes_between_requests) {
  receive(get_hello);
  send_all();
  EXPECT_EQ(fsm().peer_closed(true), action::close);
  EXPECT_EQ(fsm().where(), state::closed);
}

TEST_F(connection_fsm_test, goes_on_writing_to_a_peer_that_has_only_stopped_sending) {
  receive(get_hello);
  EXPECT_EQ(send_some(3), action::send_rest);
  EXPECT_EQ(fsm().peer_closed(true), action::wait);
  EXPECT_EQ(take_rest(), action::close);
  EXPECT_EQ(responses(), 1U);
}

TEST_F(connection_fsm_test, stops_writing_to_a_broken_connection) {
  receive(get_hello);
  send_some(3);
  EXPECT_EQ(fsm().peer_closed(false), action::close);
}

TEST_F(connection_fsm_test, closes_when_a_write_fails) {
  receive(get_hello);
  EXPECT_EQ(fsm().sent(0, true), action::close);
  EXPECT_TRUE(context_.out.empty());
}

TEST_F(connection_fsm_test, lingers_after_a_refusal_and_swallows_what_still_comes) {
  EXPECT_EQ(receive("GARBAGE\r\n\r\n"), action::send);
  EXPECT_EQ(fsm().where(), state::before_linger);
  EXPECT_EQ(send_all(), action::linger);
  EXPECT_EQ(responses("HTTP/1.1 400 "), 1U);
  EXPECT_EQ(receive(get_hello), action::read);
  EXPECT_EQ(fsm().peer_closed(true), action::close);
  EXPECT_EQ(responses(), 0U);
}

TEST_F(connection_fsm_test, does_not_swallow_for_ever) {
  receive("GARBAGE\r\n\r\n");
  send_all();
  const std::string much(2000, 'x');
  action next = action::read;
  int pieces = 0;
  for (; next == action::read && pieces < 1000; ++pieces) next = receive(much);
  EXPECT_EQ(next, action::close);
  EXPECT_GT(pieces, 100);
}

TEST_F(connection_fsm_test, asks_for_a_body_that_waits_for_100_continue) {
  EXPECT_EQ(receive("POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
            action::send);
  EXPECT_EQ(context_.out, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(send_all(), action::read);
  EXPECT_EQ(fsm().where(), state::body);
}

TEST_F(connection_fsm_test, sends_no_body_for_head) {
  receive("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  send_all();
  EXPECT_EQ(responses(), 1U);
  EXPECT_TRUE(sent_.ends_with("\r\n\r\n"));
}

TEST_F(connection_fsm_test, closes_after_the_last_allowed_request) {
  context_.bounds.max_requests_per_connection = 1;
  receive(get_hello + get_hello);
  EXPECT_EQ(send_all(), action::linger);
  EXPECT_EQ(responses(), 1U);
  EXPECT_NE(sent_.find("Connection: close"), std::string::npos);
}

TEST_F(connection_fsm_test, closes_at_once_when_the_peer_has_asked_for_the_end) {
  receive("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(send_all(), action::close);
  EXPECT_EQ(responses(), 1U);
}

TEST_F(connection_fsm_test, lingers_when_the_peer_has_sent_more_although_it_asked_for_the_end) {
  receive("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n\r\n");
  EXPECT_EQ(send_all(), action::linger);
}

TEST_F(connection_fsm_test, refuses_the_first_request_of_a_connection_too_many) {
  refusal_ = "The server is full.";
  receive(get_hello);
  EXPECT_EQ(send_all(), action::linger);
  EXPECT_EQ(responses("HTTP/1.1 503 "), 1U);
  EXPECT_NE(sent_.find("Retry-After"), std::string::npos);
}

struct timeout_case {
  const char* name;
  std::string input;
  std::chrono::milliseconds timeout;
  action expected;
};

void PrintTo(const timeout_case& each, std::ostream* out) {
  *out << each.name;
}

class timeouts : public connection_fsm_test, public ::testing::WithParamInterface<timeout_case> {};

TEST_P(timeouts, expire_at_their_limit) {
  action next = receive(GetParam().input);
  if (next == action::send) send_all();
  pass(GetParam().timeout - 1ms);
  EXPECT_FALSE(is_overdue());
  pass(1ms);
  EXPECT_TRUE(is_overdue());
  EXPECT_EQ(fsm().expired(false, 0), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    of_states, timeouts,
    ::testing::Values(timeout_case{"no_request", "", 10s, action::close},
                      timeout_case{"header", "GET /he", 10s, action::send},
                      timeout_case{"body", "POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na", 30s,
                                   action::send},
                      timeout_case{"idle", "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", 60s, action::close},
                      timeout_case{"linger", "GARBAGE\r\n\r\n", 2s, action::close}),
    [](const auto& each) { return std::string{each.param.name}; });

TEST_F(connection_fsm_test, answers_408_to_a_request_that_does_not_arrive) {
  receive("GET /he");
  pass(10s);
  EXPECT_EQ(fsm().expired(false, 0), action::send);
  EXPECT_EQ(send_all(), action::linger);
  EXPECT_EQ(responses("HTTP/1.1 408 "), 1U);
  EXPECT_EQ(seen_.log, (std::vector<std::string>{"timeout header", "error 408"}));
}

TEST_F(connection_fsm_test, slow_bytes_do_not_extend_the_header_timeout) {
  receive("GET /he");
  pass(9s);
  receive("l");
  pass(1s);
  EXPECT_TRUE(is_overdue());
}

TEST_F(connection_fsm_test, spares_an_idle_client_whose_request_waits_in_the_kernel) {
  receive(get_hello);
  send_all();
  pass(60s);
  EXPECT_EQ(fsm().expired(true, 0), action::wait);
  EXPECT_FALSE(is_overdue());
}

TEST_F(connection_fsm_test, resets_a_peer_that_does_not_read) {
  receive(get_hello);
  send_some(1);
  fsm().sending(500);
  pass(30s);
  EXPECT_TRUE(is_overdue());
  EXPECT_EQ(fsm().expired(false, 500), action::reset);
  EXPECT_EQ(seen_.log.back(), "timeout writing");
}

TEST_F(connection_fsm_test, gives_a_peer_that_reads_slowly_its_time_anew) {
  receive(get_hello);
  send_some(1);
  fsm().sending(500);
  pass(30s);
  EXPECT_EQ(fsm().expired(false, 400), action::wait);
  EXPECT_FALSE(is_overdue());
}

TEST_F(connection_fsm_test, streams_after_the_header_and_keeps_the_connection) {
  receive(get_stream);
  response events;
  events.stream = [](body_stream&) -> task<void> { co_return; };
  EXPECT_EQ(fsm().responded(std::move(events)), action::send);
  EXPECT_EQ(fsm().where(), state::before_stream);
  EXPECT_EQ(send_all(), action::run_stream);
  EXPECT_EQ(fsm().where(), state::streaming);
  EXPECT_EQ(fsm().streamed(false), action::read);
  EXPECT_EQ(seen_.log.back(), "end 200");
}

TEST_F(connection_fsm_test, closes_after_a_body_that_failed) {
  receive(get_stream);
  response events;
  events.stream = [](body_stream&) -> task<void> { co_return; };
  fsm().responded(std::move(events));
  send_all();
  EXPECT_EQ(fsm().streamed(true), action::close);
}

TEST_F(connection_fsm_test, drains_idle_connections_at_once_and_others_after_their_request) {
  receive(get_hello);
  send_all();
  context_.draining = true;
  EXPECT_EQ(fsm().drain(true), action::wait);  // a request waits in the kernel
  EXPECT_EQ(receive(get_hello), action::send);
  EXPECT_NE(context_.out.find("Connection: close"), std::string::npos);
  EXPECT_EQ(send_all(), action::linger);
  fsm_.emplace(context_, 7, tcp::endpoint{}, refusal_);
  EXPECT_EQ(fsm_->opened(), action::read);
  EXPECT_EQ(fsm_->drain(false), action::close);
}

TEST_F(connection_fsm_test, asks_a_stream_to_end_when_the_server_drains) {
  receive(get_stream);
  response events;
  events.stream = [](body_stream&) -> task<void> { co_return; };
  fsm().responded(std::move(events));
  send_all();
  const auto closing = fsm().request().client_gone();
  context_.draining = true;
  EXPECT_EQ(fsm().drain(false), action::wait);
  EXPECT_TRUE(closing.stop_requested());
  EXPECT_EQ(fsm().streamed(false), action::linger);
}

TEST_F(connection_fsm_test, refuses_a_request_for_which_no_memory_is_left_and_gives_its_own_back) {
  context_.bounds.max_connection_bytes = 100;
  EXPECT_EQ(receive("GET /hello HTTP/1.1\r\nX: "), action::send);
  EXPECT_EQ(send_all(), action::linger);
  EXPECT_EQ(responses("HTTP/1.1 503 "), 1U);
  EXPECT_EQ(fsm().peer_closed(true), action::close);
  EXPECT_EQ(context_.held_bytes, 0U);
}

TEST_F(connection_fsm_test, resets_a_peer_whose_unread_responses_take_too_much_memory) {
  receive(get_later);
  context_.bounds.max_connection_bytes = 1000;
  fsm().responded(response::text(std::string(5000, 'x')));
  EXPECT_EQ(send_some(10), action::reset);
  EXPECT_EQ(context_.held_bytes, 0U);
}

TEST_F(connection_fsm_test, a_bug_costs_one_client_and_no_byte_of_another) {
  receive(get_hello);
  EXPECT_EQ(fsm().broken("bug"), action::close);
  EXPECT_TRUE(context_.out.empty());
}

}  // namespace
}  // namespace loopscope::http
