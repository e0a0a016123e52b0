// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "test_server.hpp"

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace loopscope::http {
namespace {

TEST(allocations, are_not_needed_for_a_fixed_answer_once_warm) {
  test::test_server server;
  auto client = server.connect();
  const std::string hello_from_a_browser =
      "GET /hello HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";
  const auto size = [&] {
    const auto one = client.ask(hello_from_a_browser);
    return one.head.size() + 2 + one.body.size();
  }();
  const auto exchange = [&](int requests) {
    for (int i = 0; i < requests; ++i) {
      client.send(hello_from_a_browser + hello_from_a_browser);
      client.receive_bytes(2 * size);
    }
  };
  exchange(10);
  std::size_t before = 0;
  std::size_t after = 0;
  server.run_on_loop([&] { before = allocations; });
  exchange(1000);
  server.run_on_loop([&] { after = allocations; });
  // run_on_loop() and the observer's map are the test's own few.
  EXPECT_LT(after - before, 10U);
}

}  // namespace
}  // namespace loopscope::http
