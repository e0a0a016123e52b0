// SPDX-License-Identifier: MIT

#include "test_server.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>

#include "tests/support/eventually.hpp"

namespace loopscope::http::test {
namespace {

using namespace std::chrono_literals;

task<response> later(const request&) {
  co_await asio::post(use_task);
  co_return response::text("later\n");
}

task<response> echo(const request& asked) {
  co_return response::text(std::string(asked.body()));
}

task<response> query(const request& asked) {
  std::string text;
  for (const auto& [name, value] : asked.parameters()) text += "[" + name + "=" + value + "]";
  co_return response::text(text);
}

task<response> throws(const request&) {
  throw std::runtime_error("secret of the handler");
  co_return response{};
}

task<response> big(const request&) {
  co_return response::text(std::string(20'000'000, 'x'));
}

response three_pieces() {
  response answer;
  answer.content_type = "text/event-stream";
  answer.stream = [](body_stream& body) -> task<void> {
    co_await body.write("one ");
    co_await asio::post(use_task);
    co_await body.write("two ");
    co_await body.write("three");
  };
  return answer;
}

}  // namespace

void recording_observer::on_request_end(const request&, std::string_view route, unsigned status,
                                        std::chrono::nanoseconds) noexcept {
  const std::lock_guard lock(mutex_);
  ++ended_[{std::string(route), status}];
}

void recording_observer::on_handler_failed(std::string_view, std::string_view what) noexcept {
  const std::lock_guard lock(mutex_);
  failure_ = what;
}

int recording_observer::ended(const std::string& route, unsigned status) const {
  const std::lock_guard lock(mutex_);
  const auto found = ended_.find({route, status});
  return found == ended_.end() ? 0 : found->second;
}

std::string recording_observer::last_failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

test_server::test_server(const limits& bounds) {
  routes_.fixed("/hello", response::text("hello\n"));
  routes_.add(verb::get, "/later", later);
  routes_.add(verb::post, "/echo", echo);
  routes_.add(verb::get, "/query", query, {.refuse_cross_site = true});
  routes_.add(verb::get, "/throws", throws);
  routes_.add(verb::get, "/big", big);
  routes_.add(verb::get, "/wait", [this](const request& asked) { return wait(asked); });
  routes_.add(verb::get, "/stream", [](const request&) -> task<response> { co_return three_pieces(); });
  routes_.add(verb::get, "/endless", [this](const request&) -> task<response> {
    response answer;
    answer.stream = [this](body_stream& body) { return endless(body); };
    co_return answer;
  });
  server_ = std::make_unique<server>(loop_, routes_, bounds, &seen);
  if (const auto ec = server_->listen({asio::ip::make_address("127.0.0.1"), 0})) throw std::runtime_error(ec.message());
  endpoint_ = server_->local_endpoint();
  server_->start();
  thread_ = std::thread([this] { loop_.run(); });
}

test_server::~test_server() {
  release_waiters = true;
  if (thread_.joinable()) {
    watching_turns_ = false;
    run_on_loop([this] {
      server_->stop_accepting();
      server_->drain();
      server_->abort();
    });
    thread_.join();
  }
}

task<response> test_server::wait(const request& asked) {
  ++waiting;
  const auto gone = asked.client_gone();
  timer pause(co_await asio::this_coro::executor);
  while (!gone.stop_requested() && !release_waiters) {
    pause.expires_after(1ms);
    co_await pause.async_wait(asio::as_tuple(use_task));
  }
  if (gone.stop_requested()) ++told_gone;
  --waiting;
  co_return response::text("waited\n");
}

task<void> test_server::endless(body_stream& body) {
  ++waiting;
  const auto closing = body.closing();
  timer pause(co_await asio::this_coro::executor);
  const std::string piece(16 * 1024, '.');
  while (!closing.stop_requested()) {
    if (co_await body.write(piece)) break;
    pause.expires_after(1ms);
    co_await pause.async_wait(asio::as_tuple(use_task));
  }
  --waiting;
  ++stream_ended;
}

void test_server::run_on_loop(std::function<void()> work) {
  std::packaged_task<void()> whole(std::move(work));
  const auto done = whole.get_future();
  // The loop owns it: nothing here dies while it is still telling.
  asio::post(loop_, [task = std::move(whole)]() mutable { task(); });
  done.wait();
}

void test_server::watch_turns() {
  watching_turns_ = true;
  run_on_loop([this] { note_turn(seen.begun); });
}

void test_server::note_turn(int begun_before) {
  const int begun = seen.begun;
  max_begun_in_a_turn = std::max(max_begun_in_a_turn.load(), begun - begun_before);
  if (watching_turns_) asio::post(loop_, [this, begun] { note_turn(begun); });
}

void test_server::drain() {
  run_on_loop([this] {
    server_->stop_accepting();
    server_->drain();
  });
}

bool test_server::eventually(const std::function<bool()>& condition) const {
  return loopscope::testing::eventually(condition);
}

}  // namespace loopscope::http::test
