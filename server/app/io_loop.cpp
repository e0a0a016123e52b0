#include "io_loop.hpp"

#include <pthread.h>

#include <exception>

namespace loopscope::app {

io_loop::io_loop(std::string name, logger& log) : name_(std::move(name)), log_(log) {}

io_loop::~io_loop() {
  stop();
}

void io_loop::start() {
  thread_ = std::thread{[this] { run(); }};
}

void io_loop::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

void io_loop::run() {
  ::pthread_setname_np(::pthread_self(), name_.substr(0, 15).c_str());
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception& failure) {  // a bug; the other connections of this loop should not pay for it
      log_.error("a handler of the loop failed", {{"loop", name_}, {"what", failure.what()}});
    }
  }
}

}  // namespace loopscope::app
