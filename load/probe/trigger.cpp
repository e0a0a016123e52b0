#include "trigger.hpp"

#include <utility>

namespace loopscope::probe {

trigger::trigger(const executor& loop, endpoint to, message what, std::chrono::nanoseconds at)
    : loop_(loop), to_(std::move(to)), message_(std::move(what)), due_(loop) {
  record_.scheduled = at;
  record_.error = "not sent before the end";
}

void trigger::prepare() {
  connected_ = false;
  connection_ = std::make_shared<connection>(loop_, *this, 0, answer_format{message_.answer_has_body, true});
  connection_->open(to_);
}

void trigger::arm(clock::time_point schedule_start) {
  start_ = schedule_start;
  due_.expires_at(start_ + record_.scheduled);
  due_.async_wait([this](error_code error) {
    if (!error) fire();
  });
}

void trigger::close() {
  due_.cancel();
  if (connection_) connection_->close();
}

void trigger::fire() {
  fired_ = true;
  if (!connection_) {
    prepare();  // the server has closed the one that waited
  } else if (connected_) {
    send(true);
  }
}

void trigger::send(bool reused) {
  if (!record_.started) record_.started = elapsed();
  record_.error = "unanswered at the end";
  connection_->send(message_.bytes, reused);
}

void trigger::on_connected(connection&) {
  connected_ = true;
  if (fired_) send(false);
}

void trigger::on_answer(connection& from, answer&& got) {
  if (record_.started) {
    record_.ended = elapsed();
    record_.status = got.status;
    record_.body = std::move(got.body);
    record_.error.clear();
  }
  from.close();
  connection_.reset();
}

void trigger::on_ended(connection& from, error_code why, bool) {
  const bool repeats = fired_ && message_.idempotent && from.died_idle() && !record_.repeated;
  connection_.reset();
  if (!fired_) return;
  if (repeats) {
    record_.repeated = true;
    return prepare();
  }
  record_.ended = elapsed();
  record_.error = why.message();
}

}  // namespace loopscope::probe
