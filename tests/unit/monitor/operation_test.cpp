// SPDX-License-Identifier: MIT

// Compiled with handler_tracking.hpp in all of its Asio, so a binary of its own.
#include "server/monitor/operation.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

namespace loopscope::monitor {
namespace {

namespace asio = boost::asio;

std::optional<operation> running() {
  return current_operation(::gettid());
}

TEST(operation, of_a_timer) {
  asio::io_context io;
  asio::steady_timer timer{io, std::chrono::milliseconds{1}};
  std::optional<operation> seen;
  timer.async_wait([&](auto) { seen = running(); });
  io.run();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->object, "deadline_timer");
  EXPECT_EQ(seen->name, "async_wait");
  EXPECT_EQ(seen->function, "");
  EXPECT_EQ(seen->line, 0);
  EXPECT_FALSE(running());
}

TEST(operation, of_a_composed_read_is_where_it_was_started) {
  asio::io_context io;
  asio::local::stream_protocol::socket near{io}, far{io};
  asio::local::connect_pair(near, far);
  char byte = 0;
  std::optional<operation> library, application;
  asio::async_read(near, asio::buffer(&byte, 1), [&](auto, auto) {
    library = running();
    BOOST_ASIO_HANDLER_LOCATION(("session.cpp", 4711, "ask_back_end"));
    asio::async_read(near, asio::buffer(&byte, 1), [&](auto, auto) { application = running(); });
  });
  asio::write(far, asio::buffer("ab", 2));
  io.run();
  ASSERT_TRUE(library && application);
  EXPECT_EQ(library->object, "socket");
  EXPECT_EQ(library->name, "async_receive");
  EXPECT_EQ(library->function, "async_read");
  EXPECT_EQ(application->function, "ask_back_end");
  EXPECT_EQ(application->file, "session.cpp");
  EXPECT_EQ(application->line, 4711);
}

TEST(operation, of_another_thread_for_as_long_as_its_handler_runs) {
  asio::io_context io;
  std::promise<pid_t> blocked;
  std::promise<void> go_on, over;
  asio::post(io, [&] {
    blocked.set_value(::gettid());
    go_on.get_future().wait();
  });
  std::promise<void> end;
  std::thread thread{[&] {
    io.run();
    over.set_value();
    end.get_future().wait();
  }};
  const pid_t tid = blocked.get_future().get();
  const auto during = current_operation(tid);
  go_on.set_value();
  over.get_future().wait();
  const auto after = current_operation(tid);
  end.set_value();
  thread.join();
  ASSERT_TRUE(during);
  EXPECT_EQ(during->object, "io_context");
  EXPECT_EQ(during->name, "execute");
  EXPECT_FALSE(after);
  EXPECT_FALSE(current_operation(tid));
}

TEST(operation, comes_back_after_a_loop_in_its_handler) {
  asio::io_context outer, inner;
  std::optional<operation> before, within, after;
  asio::steady_timer timer{outer, std::chrono::milliseconds{1}};
  timer.async_wait([&](auto) {
    before = running();
    asio::post(inner, [&] { within = running(); });
    inner.run();
    after = running();
  });
  outer.run();
  ASSERT_TRUE(before && within && after);
  EXPECT_EQ(before->name, "async_wait");
  EXPECT_EQ(within->name, "execute");
  EXPECT_EQ(after->name, "async_wait");
}

TEST(operation, is_over_when_its_handler_throws) {
  asio::io_context io;
  asio::post(io, [] { throw std::runtime_error("expected"); });
  EXPECT_THROW(io.run(), std::runtime_error);
  EXPECT_FALSE(running());
}

TEST(operation, a_location_that_was_left_behind_is_not_that_of_the_next_handler) {
  asio::io_context io;
  std::optional<detail::handler_location> left_behind;
  std::optional<operation> seen;
  asio::post(io, [&] { left_behind.emplace("gone.cpp", 1, "gone"); });
  asio::post(io, [&] { asio::post(io, [&] { seen = running(); }); });
  io.run();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->function, "");
}

TEST(operation, names_of_an_unloaded_library_are_not_read) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  // What is behind the end of its file cannot be read, and nobody can map anything there.
  const int file = ::memfd_create("library", MFD_CLOEXEC);
  ASSERT_GE(file, 0);
  ASSERT_EQ(::ftruncate(file, static_cast<off_t>(page)), 0);
  auto* const pages = static_cast<char*>(::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
  ASSERT_NE(pages, MAP_FAILED);
  char* const name = pages + page - sizeof "async_wait";
  std::strcpy(name, "async_wait");

  struct tracked : detail::tracked_handler {
  } handler;
  detail::tracked_handler::creation(handler, handler, "plug_in", nullptr, 0, name);
  detail::tracked_completion completion{handler};
  completion.invocation_begin();
  const auto loaded = running();
  ASSERT_EQ(::ftruncate(file, 0), 0);
  const auto unloaded = running();
  completion.invocation_end();
  ::munmap(pages, 2 * page);
  ::close(file);
  ASSERT_TRUE(loaded && unloaded);
  EXPECT_EQ(loaded->name, "async_wait");
  EXPECT_EQ(unloaded->name, "");
  EXPECT_EQ(unloaded->object, "plug_in");
}

TEST(operation, threads_that_have_ended_leave_their_slots_to_others) {
  std::set<const void*> slots;
  for (int i = 0; i < 50; ++i) {
    std::thread{[&] {
      asio::io_context io;
      asio::post(io, [&] { slots.insert(detail::this_thread_tracking.slot); });
      io.run();
    }}.join();
  }
  EXPECT_EQ(slots.size(), 1u);
}

}  // namespace
}  // namespace loopscope::monitor
