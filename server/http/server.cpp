// SPDX-License-Identifier: MIT

#include "server.hpp"

#include <boost/asio/post.hpp>

namespace loopscope::http {
namespace {

observer& silent_observer() {
  static observer silent;
  return silent;
}

}  // namespace

/// One timer for the deadlines of all connections of a loop.
class server::sweeper : public std::enable_shared_from_this<sweeper> {
 public:
  explicit sweeper(std::shared_ptr<loop_state> shared)
      : shared_(std::move(shared)), timer_(shared_->loop), policy_(sweep_period(shared_->bounds)) {}

  void start() {
    policy_.start(std::chrono::steady_clock::now());
    wait();
  }
  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

 private:
  void wait() {
    timer_.expires_at(policy_.due());
    timer_.async_wait([self = shared_from_this()](const error_code&) { self->sweep(); });
  }
  void sweep() {
    if (stopped_) return;
    const auto now = std::chrono::steady_clock::now();
    const auto due = policy_.tick(now);
    wait();  // first, so that nothing in the sweep can end the sweeping
    shared_->registry.sweep(now, due);
  }

  std::shared_ptr<loop_state> shared_;
  timer timer_;
  sweep_policy policy_;
  bool stopped_ = false;
};

server::server(asio::io_context& loop, const router& routes, const limits& bounds, observer* watcher)
    : shared_(std::make_shared<loop_state>(
          loop.get_executor(), fsm_context{routes, bounds, watcher != nullptr ? *watcher : silent_observer()})),
      listener_(std::make_shared<listener>(shared_)),
      sweeper_(std::make_shared<sweeper>(shared_)) {
  shared_->on_slot_free = [accepting = std::weak_ptr(listener_)] {
    if (const auto alive = accepting.lock()) alive->slot_is_free();
  };
}

server::~server() {
  shared_->on_last_gone = nullptr;
  stop_accepting();
  sweeper_->stop();
  abort();
}

error_code server::listen(const tcp::endpoint& at, const listen_options& options) {
  return listener_->open(at, options);
}

void server::start() {
  listener_->start();
  sweeper_->start();
}

void server::stop_accepting() {
  listener_->stop();
}

void server::drain(std::function<void()> drained) {
  shared_->draining = true;
  // The rest in the next turn, after the completion of an accept that finished before the listener closed.
  asio::post(shared_->loop, [shared = shared_, sweeping = std::weak_ptr(sweeper_), done = std::move(drained)] {
    if (sweeping.expired()) return;  // and so is the server
    shared->on_last_gone = [sweeping, done] {
      if (const auto alive = sweeping.lock()) alive->stop();
      if (done) done();
    };
    if (shared->alive == 0) {
      shared->on_last_gone();
    } else {
      shared->registry.drain();
    }
  });
}

void server::abort() {
  shared_->registry.abort();
}

}  // namespace loopscope::http
