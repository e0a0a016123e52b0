#include "io_loop.hpp"

#include <pthread.h>

namespace loopscope::app {

io_loop::io_loop(std::string name) : name_(std::move(name)) {}

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
  // An exception out of a handler is a bug, and what the handler was about to do is lost for good: it ends the process.
  context_.run();
}

}  // namespace loopscope::app
