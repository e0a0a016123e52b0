#include <boost/asio/co_spawn.hpp>

#include "connection.hpp"
#include "cross_origin.hpp"
#include "problem.hpp"
#include "release.hpp"

namespace loopscope::http {
namespace {

response server_full(std::string_view why) {
  return to_response({.status = 503, .detail = std::string(why)}).with("Retry-After", "1");
}

response handler_failed() {
  return to_response({.status = 500, .detail = "The server failed to answer this request."});
}

}  // namespace

bool connection::serve() {
  ++requests_;
  keep_alive_ = reader_.keep_alive() && refused_.empty() && requests_ < shared_->bounds.max_requests_per_connection;
  if (!refused_.empty()) {
    route_name_ = observer::other_route;
    begin_request();
    answer_ = server_full(refused_);
    return send_answer();
  }
  const auto& asked = reader_.message();
  auto plan = plan_dispatch(shared_->routes, asked);
  route_name_ = plan.route_name;
  serving_ = plan.serve;
  if (serving_ == nullptr) {
    begin_request();
    answer_ = std::move(plan.answer);
    return send_answer();
  }
  if (serving_->fixed) {
    begin_request();
    serving_->fixed->append_to(shared_->out, context());
    end_request(serving_->fixed->status());
    return after_answer();
  }
  // What is ready must not wait for a handler that may block the loop.
  return flush(after_flush::run_handler) && run_handler();
}

bool connection::run_handler() {
  begin_request();
  enter(phase::handling, began_);
  account();
  if (client_left_) reader_.message().presence_.leave();
  running_ = true;
  starting_handler_ = true;
  auto work = run(pointer(this), serving_);
  asio::co_spawn(shared_->loop, std::move(work), [self = pointer(this)](std::exception_ptr failure) {
    if (failure) self->fail(failure);
  });
  starting_handler_ = false;
  if (!running_) return send_answer();
  read();
  return false;
}

task<void> connection::run(pointer self, const route* serving) {
  try {
    self->answer_ = co_await serving->handle(self->reader_.message());
  } catch (const std::exception& failure) {
    self->shared_->watcher.on_handler_failed(self->route_name_, failure.what());
    self->answer_ = handler_failed();
  } catch (...) {
    self->shared_->watcher.on_handler_failed(self->route_name_, "not a std::exception");
    self->answer_ = handler_failed();
  }
  self->running_ = false;
  if (!self->starting_handler_ && self->send_answer()) self->advance();
}

bool connection::send_answer() {
  if (phase_ == phase::closed) {
    end_request(observer::client_gone_status);
    return false;
  }
  const auto about = context();
  keep_alive_ = about.keep_alive;
  append_answer(shared_->out, answer_, about);
  if (answer_.stream && !about.without_body) {
    if (flush(after_flush::stream)) start_stream();
    return false;
  }
  end_request(client_left_ ? observer::client_gone_status : answer_.status);
  release(answer_);
  return after_answer();
}

bool connection::after_answer() {
  if (!may_keep_alive()) {
    if (flush(after_flush::linger)) linger();
    return false;
  }
  return shared_->out.size() < shared_->bounds.max_backlog_bytes || flush(after_flush::advance);
}

void connection::begin_request() {
  began_ = std::chrono::steady_clock::now();
  in_request_ = true;
  shared_->watcher.on_request_begin(socket_number_, reader_.message(), route_name_);
}

void connection::end_request(unsigned status) {
  last_activity_ = std::chrono::steady_clock::now();
  in_request_ = false;
  shared_->watcher.on_request_end(reader_.message(), route_name_, status, last_activity_ - began_);
  reader_.take_next();
  if (phase_ != phase::closed) phase_ = phase::idle;
}

bool connection::may_keep_alive() const noexcept {
  return keep_alive_ && !shared_->draining && !(client_left_ && in_.empty());
}

answer_context connection::context() {
  const auto& asked = reader_.message();
  answer_context about;
  about.date = shared_->date.now();
  about.http_1_1 = asked.http_1_1();
  // The end of a body without a length or chunks is the connection's end.
  const bool needs_close = answer_.stream && !about.http_1_1;
  about.keep_alive = may_keep_alive() && !needs_close;
  about.without_body = asked.method() == verb::head;
  if (asked.find(field::origin)) {
    about.vary_by_origin = true;
    about.allowed_origin = allowed_origin(asked);
  }
  return about;
}

}  // namespace loopscope::http
