// SPDX-License-Identifier: MIT

#include "load/probe/load_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <latch>
#include <memory>
#include <thread>

#include "load/probe/summary.hpp"
#include "load/probe/trigger.hpp"
#include "scripted_server.hpp"
#include "tests/support/deserted_port.hpp"

namespace loopscope::probe {
namespace {

using namespace std::chrono_literals;
using test::manner;
using test::scripted_server;

constexpr double rate_per_s = 200;
constexpr auto duration = 200ms;
constexpr std::size_t scheduled = 40;

struct load_figures {
  load_run::result outcome;
  summary sums;
  std::size_t opened;
  std::size_t peak;
  std::size_t max_queue;
};

constexpr const char* get_text = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

load_run::settings settings_for(const tcp::endpoint& address, std::size_t connections, std::size_t max) {
  constexpr auto drain = 50s;  // a bound on the test
  return {{address}, get_text, duration, drain, connections, max};
}

load_figures figures_of(const load_run& run, const ledger& records) {
  return {run.outcome(), summarize(records.records(), run.outcome().measured_until), run.pool().opened(),
          run.pool().peak(), run.pool().max_queue()};
}

load_figures run_with(load_run::settings settings, const std::function<void(asio::io_context&)>& meanwhile = {},
                      double rate = rate_per_s) {
  asio::io_context loop{1};
  ledger records(scheduled);
  load_run run(loop, std::move(settings), schedule(schedule_kind::uniform, rate, duration, 1), records, nullptr);
  run.prepare([&](clock::time_point) {
    if (meanwhile) meanwhile(loop);
  });
  loop.run();
  return figures_of(run, records);
}

load_figures run_against(const tcp::endpoint& address, std::size_t connections, std::size_t max) {
  return run_with(settings_for(address, connections, max));
}

/// Runs against a server that never answers until the whole schedule is taken and `sent` requests are sent, at least
/// for `duration`.
load_figures run_in_vain(const tcp::endpoint& address, std::size_t connections, std::size_t max, std::uint64_t sent) {
  asio::io_context loop{1};
  ledger records(scheduled);
  load_run run(loop, settings_for(address, connections, max), schedule(schedule_kind::uniform, rate_per_s, duration, 1),
               records, nullptr);
  timer next(loop);
  std::function<void(error_code)> look = [&](error_code) {
    if (records.live().taken >= scheduled && records.live().sent >= sent) {
      run.interrupt();
      return run.interrupt();  // does not wait for responses
    }
    next.expires_after(1ms);
    next.async_wait(look);
  };
  run.prepare([&](clock::time_point start) {
    next.expires_at(start + duration);
    next.async_wait(look);
  });
  loop.run();
  return figures_of(run, records);
}

std::size_t failed_by(const load_figures& run, failure_cause cause) {
  return run.sums.failed_by_cause[static_cast<std::size_t>(cause)];
}

TEST(load_run, sends_the_whole_schedule_and_ends_when_all_responses_have_arrived) {
  scripted_server server(manner::answer);
  const auto run = run_against(server.endpoint(), 2, 100);
  EXPECT_EQ(run.sums.scheduled, scheduled);
  EXPECT_EQ(run.sums.completed, scheduled);
  EXPECT_EQ(run.sums.status, (std::map<unsigned, std::size_t>{{200, scheduled}}));
  EXPECT_EQ(server.requests, static_cast<int>(scheduled));
  EXPECT_GE(run.outcome.measured_until, duration);
  EXPECT_LT(run.outcome.measured_until, 50s);
  EXPECT_FALSE(run.outcome.interrupted);
}

TEST(load_run, sends_on_time_to_a_server_that_never_answers) {
  scripted_server server(manner::hold);
  const auto run = run_in_vain(server.endpoint(), 1, 100, scheduled);
  EXPECT_EQ(run.sums.scheduled, scheduled);
  EXPECT_EQ(run.sums.waiting, scheduled);
  EXPECT_EQ(run.peak, scheduled);
  EXPECT_EQ(run.max_queue, 0u);
  // The first has waited for the whole run.
  EXPECT_GE(run.sums.latency_us.max(), 200e3);
}

TEST(load_run, opens_connections_up_to_the_bound_and_queues_beyond_it) {
  scripted_server server(manner::hold);
  const auto run = run_in_vain(server.endpoint(), 1, 3, 3);
  EXPECT_EQ(run.sums.scheduled, scheduled);
  EXPECT_EQ(run.sums.sent, 3u);
  EXPECT_EQ(run.sums.waiting, scheduled);
  EXPECT_EQ(run.peak, 3u);
  EXPECT_EQ(run.max_queue, scheduled - 3);
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
  ledger records(scheduled);
  load_run run(loop, {{to}, get_text, duration, 20s, 1, 100}, schedule(schedule_kind::uniform, rate_per_s, duration, 1),
               records, nullptr);
  run.prepare([&server](clock::time_point) { server.reset(); });
  loop.run();
  const auto sums = summarize(records.records(), run.outcome().measured_until);
  EXPECT_EQ(sums.scheduled, scheduled);
  EXPECT_EQ(sums.failed, scheduled);
  EXPECT_GE(sums.failed_by_cause[static_cast<std::size_t>(failure_cause::refused)], scheduled - 1);
}

TEST(load_run, a_schedule_that_cannot_be_kept_is_accounted_for_and_leaves_the_loop_its_turns) {
  constexpr std::size_t all = 1'000'000;
  constexpr int enough_turns = 10;
  scripted_server server(manner::hold);
  asio::io_context loop{1};
  ledger records(all);
  load_run run(loop, {{server.endpoint()}, get_text, 1h, 0s, 1, 1}, schedule(schedule_kind::uniform, 1e9, 1ms, 1),
               records, nullptr);
  int turns = 0;
  std::function<void()> take_turn = [&] {
    const std::size_t taken = records.records().size();
    if (taken > 0 && taken < all) ++turns;
    if (turns == enough_turns || taken == all) return run.interrupt();
    asio::post(loop, take_turn);
  };
  run.prepare([&take_turn](clock::time_point) { take_turn(); });
  loop.run();
  EXPECT_EQ(turns, enough_turns);
  // One is due each nanosecond.
  const auto due = static_cast<std::size_t>(run.outcome().measured_until.count()) + 1;
  EXPECT_EQ(records.records().size(), std::min(all, due));
}

TEST(load_run, repeats_once_what_died_with_an_idle_connection) {
  scripted_server server(manner::close_at_second);
  const auto run = run_against(server.endpoint(), 1, 100);
  EXPECT_EQ(run.sums.status, (std::map<unsigned, std::size_t>{{200, scheduled}}));
  EXPECT_EQ(run.sums.failed, 0u);
  EXPECT_GT(run.sums.repeated, 0u);
  EXPECT_EQ(run.sums.sent, scheduled);
  EXPECT_EQ(run.outcome.addresses[0].requests, scheduled + run.sums.repeated);
  EXPECT_EQ(server.requests, static_cast<int>(scheduled + run.sums.repeated));
}

TEST(load_run, repeats_nothing_that_may_have_been_done_once) {
  scripted_server server(manner::close_at_second);
  auto settings = settings_for(server.endpoint(), 1, 100);
  settings.idempotent = false;
  const auto run = run_with(settings);
  EXPECT_EQ(run.sums.repeated, 0u);
  EXPECT_GT(failed_by(run, failure_cause::closed), 0u);
  EXPECT_EQ(server.requests, static_cast<int>(scheduled));
}

TEST(load_run, repeats_nothing_after_a_byte_of_the_answer) {
  scripted_server server(manner::half_at_second);
  const auto run = run_against(server.endpoint(), 1, 100);
  EXPECT_EQ(run.sums.repeated, 0u);
  EXPECT_GT(failed_by(run, failure_cause::closed), 0u);
}

TEST(load_run, repeats_at_most_once_and_nothing_that_died_on_a_connection_of_its_own) {
  scripted_server server(manner::close);
  const auto run = run_against(server.endpoint(), 1, 100);
  EXPECT_EQ(failed_by(run, failure_cause::closed), scheduled);
  // The one connection that stood open; all others are opened for a request.
  EXPECT_EQ(run.sums.repeated, 1u);
  EXPECT_EQ(server.requests, static_cast<int>(scheduled + 1));
}

TEST(load_run, takes_headers_up_to_the_limit_and_names_the_cause_beyond_it) {
  // A few, because a sanitizer makes large headers slow.
  constexpr std::size_t few = 5;
  const auto run_few = [](const scripted_server& server) {
    return run_with(settings_for(server.endpoint(), 2, 100), {}, few / std::chrono::duration<double>{duration}.count());
  };
  for (const manner how : {manner::large_header, manner::long_field}) {
    const scripted_server server(how);
    EXPECT_EQ(run_few(server).sums.expected, few);
  }
  const scripted_server server(manner::huge_header);
  EXPECT_EQ(failed_by(run_few(server), failure_cause::header_too_large), few);
}

TEST(load_run, the_answer_to_head_has_no_body) {
  scripted_server server(manner::head);
  auto settings = settings_for(server.endpoint(), 1, 100);
  settings.format.has_body = false;
  const auto run = run_with(settings);
  EXPECT_EQ(run.sums.expected, scheduled);
}

TEST(load_run, tells_answers_that_are_expected_from_others) {
  scripted_server server(manner::refuse);
  auto settings = settings_for(server.endpoint(), 1, 100);
  settings.expect = *expected_statuses::parse("200,503");
  const auto run = run_with(settings);
  EXPECT_EQ(run.sums.expected, scheduled);
  EXPECT_EQ(run.sums.errors, 0u);
}

TEST(load_run, new_connections_take_turns_on_the_addresses) {
  scripted_server one(manner::answer_and_close);
  scripted_server other(manner::answer_and_close, "127.0.0.2");
  auto settings = settings_for(one.endpoint(), 2, 100);
  settings.addresses = {one.endpoint(), other.endpoint()};
  const auto run = run_with(settings);
  EXPECT_EQ(run.sums.expected, scheduled);
  ASSERT_EQ(run.outcome.addresses.size(), 2u);
  for (const auto& use : run.outcome.addresses) {
    EXPECT_NEAR(static_cast<double>(use.connections), static_cast<double>(run.opened) / 2, 1);
    EXPECT_EQ(use.unreached, 0u);
  }
  EXPECT_EQ(run.outcome.addresses[0].requests, static_cast<std::size_t>(one.requests));
  EXPECT_EQ(run.outcome.addresses[1].requests, static_cast<std::size_t>(other.requests));
}

TEST(load_run, requests_take_turns_on_the_addresses) {
  // Both on one thread: of two, one could answer all while the other does not run.
  scripted_server server(manner::answer);
  auto settings = settings_for(server.endpoint(), 2, 2);
  settings.addresses = {server.endpoint(), server.listen_also_at("127.0.0.2")};
  const auto run = run_with(settings);
  EXPECT_EQ(run.sums.expected, scheduled);
  // One connection that is used again and again would leave the other address next to none.
  for (const auto& use : run.outcome.addresses) EXPECT_GE(use.requests, scheduled / 4);
}

TEST(load_run, counts_the_connections_that_an_address_did_not_take) {
  scripted_server server(manner::answer);
  const loopscope::testing::deserted_port nobody;
  auto settings = settings_for(server.endpoint(), 4, 100);
  settings.addresses = {server.endpoint(), nobody.endpoint()};
  const auto run = run_with(settings);
  EXPECT_GE(run.outcome.addresses[0].connections, 2u);
  EXPECT_GE(run.outcome.addresses[1].unreached, 2u);
  EXPECT_EQ(run.outcome.addresses[1].connections, 0u);
}

TEST(load_run, an_answer_to_a_request_that_is_half_sent_ends_the_connection) {
  scripted_server server(manner::answer_and_read_no_more);
  auto settings = settings_for(server.endpoint(), 1, 1);
  // More than the sockets hold, so that the answer comes first.
  settings.request_bytes = std::string(get_text) + std::string(24u << 20, 'x');
  const auto run = run_with(settings, {}, 15);
  EXPECT_EQ(run.sums.expected, 3u);
  EXPECT_EQ(run.opened, 3u);
}

TEST(load_run, does_not_make_up_for_the_time_in_which_it_not_running) {
  scripted_server server(manner::answer);
  auto settings = settings_for(server.endpoint(), 1, 100);
  const auto run = run_with(settings, [](asio::io_context& loop) {
    asio::post(loop, [] { std::this_thread::sleep_for(load_run::max_gap + 300ms); });
  });
  EXPECT_EQ(run.sums.scheduled, scheduled);
  EXPECT_EQ(run.sums.skipped, scheduled);
  EXPECT_EQ(run.sums.sent, 0u);
  EXPECT_EQ(server.requests, 0);
  EXPECT_GE(run.outcome.not_running, load_run::max_gap);
  EXPECT_GE(run.sums.lateness_us.max(), 1e6);
}

TEST(load_run, asks_a_unix_socket_whose_accept_queue_is_full_again) {
  using local = asio::local::stream_protocol;
  std::string name = ::testing::TempDir() + "load_run_XXXXXX";
  const std::string folder = mkdtemp(name.data());
  const local::endpoint path(folder + "/socket");
  asio::io_context loop{1};
  local::acceptor acceptor(loop);
  acceptor.open(path.protocol());
  acceptor.bind(path);
  acceptor.listen(0);
  auto settings = settings_for({}, 2, 2);
  settings.addresses = {path};
  std::thread server([&] {
    std::this_thread::sleep_for(50ms);
    std::vector<local::socket> spares;
    error_code over;
    const auto serve = [&over](local::socket socket) {
      char request[64];
      socket.read_some(asio::buffer(request), over);
      asio::write(socket, asio::buffer(std::string_view("HTTP/1.1 204 Done\r\nConnection: close\r\n\r\n")), over);
    };
    for (int i = 0; i < 2; ++i) spares.push_back(acceptor.accept(over));
    // The one that was connected last is used first.
    serve(std::move(spares[1]));
    serve(std::move(spares[0]));
    for (std::size_t i = spares.size(); i < scheduled && !over; ++i) serve(acceptor.accept(over));
  });
  const auto run = run_with(settings);
  shutdown(acceptor.native_handle(), SHUT_RDWR);  // wakes a server that waits in vain
  server.join();
  EXPECT_EQ(run.outcome.addresses[0].unreached, 0u);
  EXPECT_EQ(run.sums.expected, scheduled);
  unlink(path.path().c_str());
  rmdir(folder.c_str());
}

TEST(load_run, sends_nothing_when_no_connection_can_be_made) {
  const loopscope::testing::deserted_port nobody;
  const auto run = run_against(nobody.endpoint(), 3, 100);
  EXPECT_FALSE(run.outcome.reached);
  EXPECT_EQ(run.outcome.connect_error, asio::error::connection_refused);
  EXPECT_EQ(run.sums.scheduled, 0u);
}

TEST(load_run, an_interruption_waits_for_the_responses_that_are_due) {
  scripted_server server(manner::answer);
  std::latch answers{1};
  server.stand_still_until(answers);
  asio::io_context loop{1};
  ledger records(scheduled);
  auto settings = settings_for(server.endpoint(), 1, 100);
  settings.duration = 1h;
  load_run run(loop, settings, schedule(schedule_kind::uniform, rate_per_s, 1h, 1), records, nullptr);
  std::uint64_t sent = 0;
  std::function<void()> look = [&] {
    sent = records.live().taken;
    if (sent == 0) return asio::post(loop, look);
    EXPECT_EQ(records.live().completed, 0u);
    run.interrupt();
    answers.count_down();
  };
  run.prepare([&](clock::time_point) { look(); });
  loop.run();
  const auto outcome = figures_of(run, records);
  EXPECT_TRUE(outcome.outcome.interrupted);
  EXPECT_EQ(outcome.sums.scheduled, sent);
  EXPECT_EQ(outcome.sums.completed, sent);
  EXPECT_LT(outcome.outcome.measured_until, 50s);
}

TEST(load_run, an_interruption_does_not_wait_for_a_trigger_that_was_not_due) {
  scripted_server server(manner::answer);
  asio::io_context loop{1};
  ledger records(scheduled);
  auto settings = settings_for(server.endpoint(), 1, 100);
  settings.duration = 1h;
  trigger extra(loop.get_executor(), server.endpoint(), {"POST / HTTP/1.1\r\nHost: x\r\n\r\n"}, 30min);
  load_run run(loop, settings, schedule(schedule_kind::uniform, rate_per_s, 1h, 1), records, &extra);
  std::function<void()> look = [&] {
    if (records.live().taken == 0) return asio::post(loop, look);
    run.interrupt();
  };
  run.prepare([&](clock::time_point) { look(); });
  loop.run();
  EXPECT_FALSE(extra.record().started);
  EXPECT_LT(figures_of(run, records).outcome.measured_until, 50s);
}

TEST(load_run, an_interruption_keeps_what_was_measured) {
  scripted_server server(manner::answer);
  asio::io_context loop{1};
  ledger records(scheduled);
  load_run run(loop, {{server.endpoint()}, get_text, 1h, 0s, 1, 100},
               schedule(schedule_kind::uniform, rate_per_s, 1h, 1), records, nullptr);
  timer later(loop);
  run.prepare([&](clock::time_point start) {
    later.expires_at(start + 100ms);
    later.async_wait([&run](error_code) { run.interrupt(); });
  });
  loop.run();
  EXPECT_TRUE(run.outcome().interrupted);
  EXPECT_GE(records.records().size(), 1u);
  EXPECT_LT(run.outcome().measured_until, 1h);
}

}  // namespace
}  // namespace loopscope::probe
