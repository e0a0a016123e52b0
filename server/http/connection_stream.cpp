#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <charconv>

#include "connection.hpp"
#include "release.hpp"

namespace loopscope::http {

task<error_code> body_stream::write(std::string_view data) {
  if (data.empty()) co_return error_code{};  // an empty chunk would end the body
  if (!connection_.reader_.message().http_1_1()) co_return co_await connection_.write_piece({}, data, {});
  std::array<char, 18> size;
  auto* end = std::to_chars(size.data(), size.data() + 16, data.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  const std::string_view chunk_header(size.data(), static_cast<std::size_t>(end - size.data()));
  co_return co_await connection_.write_piece(chunk_header, data, "\r\n");
}

std::stop_token body_stream::closing() const {
  return connection_.reader_.message().client_gone();
}

void connection::start_stream() {
  enter(phase::streaming, last_activity_);
  running_ = true;
  if (client_left_ || shared_->draining) reader_.message().presence_.leave();
  auto work = run_stream(pointer(this));
  asio::co_spawn(shared_->loop, std::move(work), [self = pointer(this)](std::exception_ptr failure) {
    if (failure) self->fail(failure);
  });
  read();
}

task<void> connection::run_stream(pointer self) {
  body_stream body(*self);
  error_code outcome;
  try {
    co_await self->answer_.stream(body);
  } catch (const std::exception& failure) {
    self->shared_->watcher.on_handler_failed(self->route_name_, failure.what());
    outcome = asio::error::operation_aborted;
  } catch (...) {
    self->shared_->watcher.on_handler_failed(self->route_name_, "not a std::exception");
    outcome = asio::error::operation_aborted;
  }
  if (!outcome && self->reader_.message().http_1_1()) outcome = co_await self->write_piece("0\r\n", {}, "\r\n");
  self->on_stream_end(outcome);
}

task<error_code> connection::write_piece(std::string_view before, std::string_view data, std::string_view after) {
  if (phase_ == phase::closed) co_return asio::error::operation_aborted;
  const std::array<asio::const_buffer, 3> pieces = {asio::buffer(before), asio::buffer(data), asio::buffer(after)};
  const auto go_on = [this](const error_code& failure, std::size_t) { return may_send(failure); };
  const auto [ec, bytes] = co_await asio::async_write(socket_, pieces, go_on, asio::as_tuple(use_task));
  deadline_.set(time_point::max());
  co_return phase_ == phase::closed ? error_code(asio::error::operation_aborted) : ec;
}

void connection::on_stream_end(const error_code& ec) {
  running_ = false;
  end_request(client_left_ ? observer::client_gone_status : answer_.status);
  release(answer_);
  if (phase_ == phase::closed) return;
  if (ec) return abort();  // a body that ends without its last chunk is known to be incomplete
  if (!may_keep_alive()) return linger();
  advance();
}

}  // namespace loopscope::http
