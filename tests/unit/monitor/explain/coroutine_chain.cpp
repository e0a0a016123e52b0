// SPDX-License-Identifier: MIT

#include "tests/unit/monitor/explain/coroutine_chain.hpp"

#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace app {
namespace {

volatile int result_of_chain = 0;

}  // namespace

__attribute__((noinline)) boost::asio::awaitable<int> inner(int fd) {
  char byte = 0;
  result_of_chain = static_cast<int>(::read(fd, &byte, 1));
  co_return 1;
}

__attribute__((noinline)) boost::asio::awaitable<int> middle(int fd) {
  co_return co_await inner(fd) + 1;
}

// A result with an alignment of its own.
struct alignas(64) wide {
  int value = 0;
};

__attribute__((noinline)) boost::asio::awaitable<wide> outer(int fd) {
  // After a wait, so that the coroutine is resumed by a handler.
  co_await boost::asio::post(boost::asio::use_awaitable);
  co_return wide{co_await middle(fd) + 1};
}

__attribute__((noinline)) boost::asio::awaitable<void> outermost(int fd) {
  result_of_chain = (co_await outer(fd)).value;
}

}  // namespace app
