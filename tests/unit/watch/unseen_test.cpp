// SPDX-License-Identifier: MIT

#include "server/watch/unseen.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>

namespace loopscope::watch {
namespace {

using namespace std::chrono_literals;

/// A process that is seen whole.
observed_process seen() {
  observed_process out;
  out.facts.pid = 42;
  out.facts.image = program_image{"/lib64/ld-linux-x86-64.so.2", false, true};
  out.facts.library_loaded = true;
  out.facts.preload_kept = true;
  out.facts.map_kept = true;
  out.facts.gained_rights = false;
  out.map = {true, true, 0};
  return out;
}

/// A process without the library, for a reason that the change tells.
std::string without_library(const std::function<void(process_facts&)>& change) {
  observed_process process = seen();
  process.facts.library_loaded = false;
  process.map = {};
  change(process.facts);
  const auto sentences = unseen_of(process);
  return sentences.size() == 1 ? sentences.front() : "";
}

void expect_says(const std::string& sentence, const std::string& words) {
  EXPECT_NE(sentence.find(words), std::string::npos) << sentence;
  EXPECT_LE(sentence.size(), 120u) << sentence;
  EXPECT_TRUE(sentence.ends_with('.')) << sentence;
}

TEST(unseen, is_nothing_of_a_process_that_is_seen) {
  EXPECT_TRUE(unseen_of(seen()).empty());
}

TEST(unseen, is_nothing_of_a_process_that_has_the_library_and_no_loop) {
  observed_process process = seen();
  process.map.has_loop = false;
  EXPECT_TRUE(unseen_of(process).empty());
}

TEST(unseen, says_why_the_library_is_not_there) {
  expect_says(without_library([](auto& facts) { facts.image->interpreter.clear(); }), "linked statically");
  expect_says(without_library([](auto& facts) { facts.image = program_image{"", true, true}; }), "Go program");
  expect_says(without_library([](auto& facts) { facts.image->interpreter = "/lib/ld-musl-x86_64.so.1"; }), "musl");
  expect_says(without_library([](auto& facts) { facts.image->same_machine = false; }), "word size");
  expect_says(without_library([](auto& facts) { facts.gained_rights = true; }), "setuid");
  expect_says(without_library([](auto& facts) { facts.preload_kept = false; }), "LD_PRELOAD");
  expect_says(without_library([](auto&) {}), "not known");
  expect_says(without_library([](auto& facts) { facts = process_facts{}; }), "may not be looked into");
}

TEST(unseen, says_that_an_exec_left_the_library_behind) {
  observed_process process = seen();
  process.facts.library_loaded = false;
  process.facts.preload_kept = false;
  process.map.has_loop = false;
  ASSERT_EQ(unseen_of(process).size(), 1u);
  expect_says(unseen_of(process).front(), "LD_PRELOAD");
}

TEST(unseen, says_why_a_process_with_the_library_is_not_in_the_map) {
  observed_process process = seen();
  process.map = {};
  expect_says(unseen_of(process).front(), "did not open");
  process.facts.other_pid_namespace = true;
  expect_says(unseen_of(process).front(), "PID namespace");
  process.facts.same_user = false;
  expect_says(unseen_of(process).front(), "another user");
  process.facts.map_kept = false;
  expect_says(unseen_of(process).front(), "LOOPSCOPE_WATCH_MAP");
}

TEST(unseen, says_why_no_loop_is_in_the_map) {
  observed_process process = seen();
  process.map.has_loop = false;
  process.spinning = spinning_thread{77, 5s};
  expect_says(unseen_of(process).front(), "Thread 77 ran for 5 s without a wait");
  process.facts.uses_io_uring = true;
  expect_says(unseen_of(process).front(), "io_uring");
  process.facts.image->is_go = true;
  expect_says(unseen_of(process).front(), "Go program");
  process.map.has_loop = true;
  EXPECT_TRUE(unseen_of(process).empty());
}

TEST(unseen, says_that_stalls_have_no_stack_and_why) {
  observed_process process = seen();
  for (const auto& [obstacle, words] : std::initializer_list<std::pair<trace_obstacle, const char*>>{
           {trace_obstacle::ptrace_forbidden, "seccomp"},
           {trace_obstacle::yama_off, "ptrace_scope is 3"},
           {trace_obstacle::yama_admin, "ptrace_scope is 2"},
           {trace_obstacle::yama_not_below, "detached itself"},
           {trace_obstacle::another_tracer, "Another program traces it"},
           {trace_obstacle::another_user, "another user"},
           {trace_obstacle::not_dumpable, "not dumpable"},
           {trace_obstacle::unknown, "kernel forbids"}}) {
    process.facts.obstacle = obstacle;
    ASSERT_EQ(unseen_of(process).size(), 1u);
    expect_says(unseen_of(process).front(), words);
    expect_says(unseen_of(process).front(), "no stack");
  }
}

TEST(unseen, says_what_the_map_had_no_room_for) {
  observed_process process = seen();
  process.map.lost_threads = 12;
  expect_says(unseen_of(process).front(), "12 of its threads");
  const auto map = std::make_unique<watch_map>();
  EXPECT_FALSE(unseen_of_map(*map));
  map->lost_processes = 3;
  expect_says(unseen_of_map(*map).value_or(""), "3 came too late");
}

}  // namespace
}  // namespace loopscope::watch
