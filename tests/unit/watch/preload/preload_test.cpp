// SPDX-License-Identifier: MIT

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/watch/preload/watch_map.hpp"

namespace loopscope::watch {
namespace {

constexpr std::int64_t long_turn_ns = 25'000'000;

struct program_end {
  pid_t pid = 0;
  int status = 0;
  std::string errors;
};

class preload_test : public ::testing::Test {
 protected:
  preload_test() {
    EXPECT_EQ(::ftruncate(fd_, sizeof(watch_map)), 0);
    memory_ = ::mmap(nullptr, sizeof(watch_map), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    map = new (memory_) watch_map;
    map->long_turn_ns = long_turn_ns;
  }
  ~preload_test() override {
    ::munmap(memory_, sizeof(watch_map));
    ::close(fd_);
  }

  program_end run(const std::string& name) { return run_command({CXX_PROGRAM, name}); }

  program_end run_command(std::vector<std::string> command) {
    const int errors = ::memfd_create("errors", MFD_CLOEXEC);
    const pid_t child = ::fork();
    if (child == 0) exec(command, errors);
    int status = 0;
    ::waitpid(child, &status, 0);
    std::string text(4096, '\0');
    const auto size = ::pread(errors, text.data(), text.size(), 0);
    ::close(errors);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return {child, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text};
  }

  void succeeds(const program_end& end) {
    EXPECT_EQ(end.status, 0);
    EXPECT_EQ(end.errors, "");
  }

  std::vector<const thread_words*> threads_of(pid_t pid) const {
    std::vector<const thread_words*> found;
    for (const auto& words : map->threads) {
      if (words.tid != 0 && words.pid == pid) found.push_back(&words);
    }
    return found;
  }
  const thread_words& thread_of(pid_t pid) const {
    const auto found = threads_of(pid);
    if (found.size() != 1) throw std::runtime_error(std::to_string(found.size()) + " threads");
    return *found.front();
  }
  std::vector<const process_words*> processes() const {
    std::vector<const process_words*> found;
    for (const auto& process : map->processes) {
      if (process.pid != 0) found.push_back(&process);
    }
    return found;
  }

  watch_map* map = nullptr;
  std::string path = "/proc/" + std::to_string(::getpid()) + "/fd/";
  void truncate(off_t size) { EXPECT_EQ(::ftruncate(fd_, size), 0); }
  std::string other_path;

 private:
  [[noreturn]] void exec(std::vector<std::string>& command, int errors) const {
    ::setenv(map_variable, other_path.empty() ? (path + std::to_string(fd_)).c_str() : other_path.c_str(), 1);
    ::setenv("LD_PRELOAD", WATCH_LIBRARY, 1);
    ::dup2(errors, STDERR_FILENO);
    ::alarm(30);
    std::vector<char*> arguments;
    for (auto& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }

  int fd_ = ::memfd_create("map", MFD_CLOEXEC);
  void* memory_ = nullptr;
};

std::uint64_t counted(const thread_words& words) {
  std::uint64_t sum = 0;
  for (const auto& turns : words.turns) sum += turns;
  return sum;
}

TEST_F(preload_test, arguments_results_and_errno_are_passed_on) {
  succeeds(run("passed_on"));
}

TEST_F(preload_test, a_loop_and_its_turns_are_noted) {
  const auto end = run("loop");
  succeeds(end);
  ASSERT_EQ(processes().size(), 1U);
  EXPECT_EQ(processes()[0]->pid, end.pid);
  EXPECT_EQ(processes()[0]->starts, 1U);
  const auto& thread = thread_of(end.pid);
  EXPECT_EQ(thread.tid, end.pid);
  EXPECT_GT(thread.claimed_at, 0);
  EXPECT_EQ(thread.is_loop, 1U);
  EXPECT_EQ(thread.turn, 15U) << "10 returns, of which the first two were none of a loop yet";
  EXPECT_EQ(counted(thread), 7U);
  const auto& site = thread.sites[thread.last_site];
  EXPECT_EQ(site.kind, wait_kind::epoll_wait);
  EXPECT_EQ(site.returns, 10U);
  EXPECT_EQ(site.is_loop, 1U);
  EXPECT_GE(site.descriptor, 3);
}

TEST_F(preload_test, a_wait_in_a_handler_is_no_loops) {
  const auto end = run("nested");
  succeeds(end);
  const auto& thread = thread_of(end.pid);
  EXPECT_EQ(counted(thread), 17U);
  EXPECT_EQ(thread.sites[0].kind, wait_kind::epoll_wait);
  EXPECT_EQ(thread.sites[1].kind, wait_kind::poll);
  EXPECT_EQ(thread.sites[1].returns, 85U);
  EXPECT_EQ(thread.sites[1].is_loop, 0U);
}

TEST_F(preload_test, a_long_turn_is_kept) {
  const auto end = run("long_turn");
  succeeds(end);
  const auto& thread = thread_of(end.pid);
  ASSERT_GE(thread.kept, 1U);
  std::int64_t longest = 0;
  for (const auto& turn : thread.long_turns) longest = std::max(longest, turn.end - turn.start);
  EXPECT_GE(longest, 30'000'000);
  EXPECT_GE(thread.longest, longest);
  EXPECT_GE(thread.busy_total, longest);
}

TEST_F(preload_test, each_of_64_threads_has_words) {
  const auto end = run("threads");
  succeeds(end);
  const auto threads = threads_of(end.pid);
  ASSERT_EQ(threads.size(), 64U);
  for (const auto* thread : threads) EXPECT_EQ(counted(*thread), 7U);
}

TEST_F(preload_test, words_that_the_watcher_freed_are_taken_again) {
  const auto first = run("loop");
  map->threads[0].tid = 0;
  const auto second = run("loop");
  EXPECT_TRUE(threads_of(first.pid).empty());
  EXPECT_EQ(&thread_of(second.pid), &map->threads[0]);
  EXPECT_EQ(counted(map->threads[0]), 7U);
  EXPECT_EQ(processes().size(), 2U);
}

TEST_F(preload_test, a_child_of_fork_has_words_of_its_own) {
  for (const char* name : {"fork", "raw_fork"}) {
    const auto before = processes().size();
    const auto end = run(name);
    succeeds(end);
    EXPECT_EQ(counted(thread_of(end.pid)), 17U) << name;
    ASSERT_EQ(processes().size(), before + 2) << name;
    EXPECT_EQ(counted(thread_of(processes().back()->pid)), 47U) << name;
  }
}

TEST_F(preload_test, an_exec_keeps_the_process_and_ends_its_threads) {
  const auto end = run("exec");
  succeeds(end);
  ASSERT_EQ(processes().size(), 1U);
  EXPECT_EQ(processes()[0]->starts, 2U);
  EXPECT_EQ(threads_of(end.pid).size(), 2U);
  EXPECT_EQ(map->threads[0].tid, -end.pid) << "ended by the exec";
  EXPECT_EQ(map->threads[1].tid, end.pid);
}

TEST_F(preload_test, a_child_of_vfork_leaves_its_parent_alone) {
  const auto end = run("vfork");
  succeeds(end);
  EXPECT_EQ(counted(thread_of(end.pid)), 17U);
  ASSERT_EQ(processes().size(), 2U);
  EXPECT_EQ(counted(thread_of(processes()[1]->pid)), 7U);
}

TEST_F(preload_test, a_program_without_the_library_is_not_watched) {
  const auto end = run("without_preload");
  succeeds(end);
  EXPECT_EQ(processes()[0]->starts, 1U);
  EXPECT_EQ(counted(thread_of(end.pid)), 7U);
}

TEST_F(preload_test, a_program_that_closes_all_descriptors_is_watched) {
  const auto end = run("closed");
  succeeds(end);
  EXPECT_EQ(counted(thread_of(end.pid)), 7U);
}

TEST_F(preload_test, a_thread_that_is_cancelled_in_a_wait_cleans_up) {
  succeeds(run("cancel_events"));
  succeeds(run("cancel_condition"));
}

TEST_F(preload_test, waits_at_a_condition_are_noted_for_threads_that_wait_for_events) {
  const auto end = run("conditions");
  succeeds(end);
  const auto& thread = thread_of(end.pid);
  EXPECT_EQ(thread.sites[1].kind, wait_kind::condition);
  EXPECT_EQ(thread.sites[1].returns, 5U);
  EXPECT_EQ(thread.sites[1].is_loop, 0U);
  EXPECT_EQ(counted(thread), 7U);
}

TEST_F(preload_test, a_signal_handler_may_wait) {
  const auto end = run("signals");
  succeeds(end);
  EXPECT_EQ(counted(thread_of(end.pid)), 997U);
}

TEST_F(preload_test, a_call_before_any_constructor_is_passed_on) {
  succeeds(run("early"));
}

TEST_F(preload_test, a_program_in_c_is_watched) {
  const auto end = run_command({C_PROGRAM});
  succeeds(end);
  const auto& thread = thread_of(end.pid);
  EXPECT_EQ(thread.sites[0].kind, wait_kind::poll);
  EXPECT_EQ(thread.sites[0].returns, 10U);
}

TEST_F(preload_test, a_program_without_a_map_runs_as_ever) {
  other_path = "/nonexistent";
  succeeds(run("passed_on"));
  other_path = "/dev/null";
  succeeds(run("passed_on"));
  EXPECT_TRUE(processes().empty());
}

TEST_F(preload_test, a_map_that_is_none_is_left_alone) {
  map->magic = 1;
  succeeds(run("loop"));
  map->magic = map_magic;
  map->size = 1;
  succeeds(run("loop"));
  map->size = sizeof(watch_map);
  EXPECT_TRUE(processes().empty());
  truncate(sizeof(watch_map) - 4096);
  succeeds(run("loop"));
  EXPECT_TRUE(processes().empty());
}

TEST_F(preload_test, a_thread_without_words_is_counted_once) {
  for (auto& thread : map->threads) thread.tid = 1;
  succeeds(run("passed_on"));
  EXPECT_EQ(processes()[0]->lost_threads, 1U);
}

TEST_F(preload_test, a_process_without_words_is_counted_and_its_threads_are_watched) {
  for (auto& process : map->processes) process.pid = 1;
  const auto end = run("loop");
  succeeds(end);
  EXPECT_EQ(map->lost_processes, 1U);
  EXPECT_EQ(counted(thread_of(end.pid)), 7U);
}

}  // namespace
}  // namespace loopscope::watch
