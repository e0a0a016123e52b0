#include "load/probe/load_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>

#include "load/probe/summary.hpp"
#include "scripted_server.hpp"

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;
using test::manner;
using test::scripted_server;

constexpr double rate_per_s = 200;
constexpr auto duration = 200ms;
constexpr std::size_t scheduled = 40;

struct finished_run {
  load_run::result outcome;
  summary sums;
  std::size_t opened;
  std::size_t peak;
  std::size_t longest_line;
};

finished_run run_against(const tcp::endpoint& to, std::size_t connections, std::size_t most,
                         std::chrono::nanoseconds drain = 20s) {
  asio::io_context loop{1};
  ledger account(scheduled);
  load_run run(loop, {to, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", duration, drain, connections, most},
               schedule(schedule_kind::uniform, rate_per_s, duration, 1), account, nullptr);
  run.prepare([](clock::time_point) {});
  loop.run();
  return {run.outcome(), summarise(account.records(), run.outcome().measured_until), run.pool().opened(),
          run.pool().peak(), run.pool().longest_line()};
}

std::size_t failed_by(const finished_run& run, failure_cause cause) {
  return run.sums.failed_by_cause[static_cast<std::size_t>(cause)];
}

TEST(load_run, sends_the_whole_schedule_and_ends_when_all_is_answered) {
  scripted_server server(manner::answer);
  const auto run = run_against(server.endpoint(), 2, 100);
  EXPECT_EQ(run.sums.scheduled, scheduled);
  EXPECT_EQ(run.sums.completed, scheduled);
  EXPECT_EQ(run.sums.status, (std::map<unsigned, std::size_t>{{200, scheduled}}));
  EXPECT_EQ(server.requests, static_cast<int>(scheduled));
  EXPECT_GE(run.outcome.measured_until, duration);
  EXPECT_LT(run.outcome.measured_until, 20s);
  EXPECT_FALSE(run.outcome.interrupted);
}

TEST(load_run, sends_on_time_to_a_server_that_never_answers) {
  scripted_server server(manner::hold);
  const auto run = run_against(server.endpoint(), 1, 100, 0s);
  EXPECT_EQ(run.sums.scheduled, scheduled);
  EXPECT_EQ(run.sums.waiting, scheduled);
  EXPECT_EQ(run.peak, scheduled);
  EXPECT_EQ(run.longest_line, 0u);
  // The first has waited for the whole run.
  EXPECT_GE(run.sums.latency_us.max(), 200e3);
}

TEST(load_run, opens_connections_up_to_the_bound_and_queues_beyond_it) {
  scripted_server server(manner::hold);
  const auto run = run_against(server.endpoint(), 1, 3, 0s);
  EXPECT_EQ(run.sums.scheduled, scheduled);
  EXPECT_EQ(run.sums.sent, 3u);
  EXPECT_EQ(run.sums.waiting, scheduled);
  EXPECT_EQ(run.peak, 3u);
  EXPECT_EQ(run.longest_line, scheduled - 3);
}

TEST(load_run, opens_anew_where_the_server_closes_after_each_answer) {
  scripted_server server(manner::answer_and_close);
  const auto run = run_against(server.endpoint(), 2, 100);
  EXPECT_EQ(run.sums.completed, scheduled);
  EXPECT_EQ(run.sums.failed, 0u);
  EXPECT_GE(run.opened, scheduled);
}

TEST(load_run, takes_the_final_answer_after_an_interim_one) {
  scripted_server server(manner::answer_late);
  const auto run = run_against(server.endpoint(), 2, 100);
  EXPECT_EQ(run.sums.status, (std::map<unsigned, std::size_t>{{200, scheduled}}));
}

TEST(load_run, counts_error_statuses_as_answers_and_errors) {
  scripted_server server(manner::refuse);
  const auto run = run_against(server.endpoint(), 2, 100);
  EXPECT_EQ(run.sums.completed, scheduled);
  EXPECT_EQ(run.sums.errors, scheduled);
}

TEST(load_run, names_why_requests_failed) {
  for (const auto& [how, cause] :
       std::initializer_list<std::pair<manner, failure_cause>>{{manner::close, failure_cause::closed},
                                                               {manner::reset, failure_cause::reset},
                                                               {manner::nonsense, failure_cause::malformed}}) {
    scripted_server server(how);
    const auto run = run_against(server.endpoint(), 2, 100);
    EXPECT_EQ(run.sums.failed, scheduled);
    EXPECT_EQ(failed_by(run, cause), scheduled) << name(cause);
  }
}

TEST(load_run, counts_refusals_when_the_server_goes_away_inside_the_run) {
  auto server = std::make_unique<scripted_server>(manner::answer);
  const tcp::endpoint to = server->endpoint();
  asio::io_context loop{1};
  ledger account(scheduled);
  load_run run(loop, {to, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", duration, 20s, 1, 100},
               schedule(schedule_kind::uniform, rate_per_s, duration, 1), account, nullptr);
  run.prepare([&server](clock::time_point) { server.reset(); });
  loop.run();
  const auto sums = summarise(account.records(), run.outcome().measured_until);
  EXPECT_EQ(sums.scheduled, scheduled);
  EXPECT_EQ(sums.failed, scheduled);
  EXPECT_GE(sums.failed_by_cause[static_cast<std::size_t>(failure_cause::refused)], scheduled - 1);
}

TEST(load_run, a_schedule_that_cannot_be_kept_is_accounted_for_and_leaves_the_loop_its_turns) {
  constexpr std::size_t all = 1'000'000;
  constexpr int enough_turns = 10;
  scripted_server server(manner::hold);
  asio::io_context loop{1};
  ledger account(all);
  load_run run(loop, {server.endpoint(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1h, 0s, 1, 1},
               schedule(schedule_kind::uniform, 1e9, 1ms, 1), account, nullptr);
  int turns = 0;
  std::function<void()> take_turn = [&] {
    const std::size_t taken = account.records().size();
    if (taken > 0 && taken < all) ++turns;
    if (turns == enough_turns || taken == all) return run.interrupt();
    asio::post(loop, take_turn);
  };
  run.prepare([&take_turn](clock::time_point) { take_turn(); });
  loop.run();
  EXPECT_EQ(turns, enough_turns);
  // One is due each nanosecond.
  const auto due = static_cast<std::size_t>(run.outcome().measured_until.count()) + 1;
  EXPECT_EQ(account.records().size(), std::min(all, due));
}

TEST(load_run, sends_nothing_when_no_connection_can_be_made) {
  const auto run = run_against(test::deserted_endpoint(), 3, 100);
  EXPECT_FALSE(run.outcome.reached);
  EXPECT_EQ(run.outcome.unreached_because, asio::error::connection_refused);
  EXPECT_EQ(run.sums.scheduled, 0u);
}

TEST(load_run, an_interruption_keeps_what_was_measured) {
  scripted_server server(manner::answer);
  asio::io_context loop{1};
  ledger account(scheduled);
  load_run run(loop, {server.endpoint(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1h, 0s, 1, 100},
               schedule(schedule_kind::uniform, rate_per_s, 1h, 1), account, nullptr);
  timer later(loop);
  run.prepare([&](clock::time_point start) {
    later.expires_at(start + 100ms);
    later.async_wait([&run](error_code) { run.interrupt(); });
  });
  loop.run();
  EXPECT_TRUE(run.outcome().interrupted);
  EXPECT_GE(account.records().size(), 1u);
  EXPECT_LT(run.outcome().measured_until, 1h);
}

}  // namespace
}  // namespace loopscope::probe
