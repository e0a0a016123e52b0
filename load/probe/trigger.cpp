// SPDX-License-Identifier: MIT

#include "trigger.hpp"

#include <utility>

namespace loopscope::probe {

trigger::trigger(const executor& loop, endpoint address, message to_send, std::chrono::nanoseconds due)
    : loop_(loop), address_(std::move(address)), message_(std::move(to_send)), timer_(loop) {
  record_.scheduled = due;
  record_.error = "not sent before the end";
}

void trigger::prepare() {
  connected_ = false;
  connection_ = std::make_shared<connection>(loop_, *this, 0, response_format{message_.response_has_body, true});
  connection_->open(address_);
}

void trigger::arm(clock::time_point schedule_start) {
  start_ = schedule_start;
  timer_.expires_at(start_ + record_.scheduled);
  timer_.async_wait([this](error_code error) {
    if (!error) fire();
  });
}

void trigger::close() {
  closed_ = true;
  timer_.cancel();
  if (connection_) connection_->close();
}

void trigger::fire() {
  fired_ = true;
  if (!connection_) {
    prepare();  // the server has closed the waiting connection
  } else if (connected_) {
    send(true);
  }
}

void trigger::send(bool reused) {
  if (!record_.started) record_.started = elapsed();
  record_.error = "no response until the end";
  connection_->send(message_.bytes, reused);
}

void trigger::on_connected(connection&) {
  connected_ = true;
  if (fired_) send(false);
}

void trigger::on_response(connection& source, response&& received) {
  if (record_.started) {
    record_.ended = elapsed();
    record_.status = received.status;
    record_.body = std::move(received.body);
    record_.error.clear();
  }
  source.close();
  connection_.reset();
}

void trigger::on_ended(connection& source, error_code error, bool) {
  const bool repeats = fired_ && message_.idempotent && source.died_idle() && !record_.repeated;
  connection_.reset();
  if (!fired_) return;
  if (repeats) {
    record_.repeated = true;
    return prepare();
  }
  record_.ended = elapsed();
  record_.error = error.message();
}

}  // namespace loopscope::probe
