// SPDX-License-Identifier: MIT

#include "server/watch/process_facts.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "server/watch/proc_text.hpp"

namespace loopscope::watch {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

TEST(process_facts, of_this_process_come_from_proc) {
  const auto facts = blocking_collect_facts(::getpid(), "/no/library.so");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->name, "unit_watch");
  ASSERT_TRUE(facts->image);
  EXPECT_FALSE(facts->image->interpreter.empty());
  EXPECT_TRUE(facts->image->same_machine);
  EXPECT_FALSE(facts->image->is_go);
  EXPECT_EQ(facts->library_loaded, false);
  EXPECT_EQ(facts->preload_kept, false);
  EXPECT_EQ(facts->map_kept, false);
  EXPECT_EQ(facts->gained_rights, false);
  EXPECT_TRUE(facts->same_user);
  EXPECT_FALSE(facts->other_pid_namespace);
  EXPECT_FALSE(facts->uses_io_uring);
  EXPECT_GE(facts->times.threads.size(), 1u);
}

TEST(process_facts, of_a_process_that_is_gone_are_none) {
  EXPECT_FALSE(blocking_collect_facts(0, ""));
  const pid_t ended = ::fork();
  if (ended == 0) ::_exit(0);
  siginfo_t child{};
  ::waitid(P_PID, static_cast<id_t>(ended), &child, WEXITED | WNOWAIT);
  EXPECT_FALSE(blocking_collect_facts(ended, "")) << "a zombie";
  ::waitpid(ended, nullptr, 0);
  EXPECT_FALSE(blocking_collect_facts(ended, ""));
  EXPECT_TRUE(blocking_find_descendants(ended).empty());
}

TEST(process_facts, descendants_are_children_and_their_children) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const pid_t grandchild = ::fork();
    if (grandchild != 0) static_cast<void>(!::write(ends[1], &grandchild, sizeof grandchild));
    for (;;) ::pause();
  }
  pid_t grandchild = 0;
  ASSERT_EQ(::read(ends[0], &grandchild, sizeof grandchild), static_cast<ssize_t>(sizeof grandchild));
  const std::vector<pid_t> expected{child, grandchild};
  EXPECT_EQ(blocking_find_descendants(child), expected);
  for (const pid_t each : expected) ::kill(each, SIGKILL);
  ::waitpid(child, nullptr, 0);
  for (const int each : ends) ::close(each);
}

TEST(process_facts, kernel_texts_are_parsed) {
  const std::array<std::uint64_t, 6> secure{6, 4096, 23, 1, 0, 0};
  const auto bytes = [](const auto& values) {
    return std::string_view{reinterpret_cast<const char*>(values.data()), sizeof values};
  };
  EXPECT_EQ(parse_secure(bytes(secure)), true);
  EXPECT_EQ(parse_secure(bytes(std::array<std::uint64_t, 2>{23, 0})), false);
  EXPECT_EQ(parse_secure("short"), std::nullopt);
  const auto ids = parse_namespace_ids("Name:\tx\nNSpid:\t500\t7\nNSpgid:\t1\n");
  EXPECT_EQ(ids.innermost, 7);
  EXPECT_EQ(ids.depth, 2u);
  EXPECT_EQ(parse_namespace_ids("Name:\tx\n").depth, 0u);
  EXPECT_EQ(parse_variable("A=1\0LD_PRELOAD=/x.so\0"sv, "LD_PRELOAD"), "/x.so");
  EXPECT_EQ(parse_variable("LD_PRELOADED=1\0"sv, "LD_PRELOAD"), std::nullopt);
}

TEST(process_facts, a_thread_spins_that_ran_all_the_time_for_a_second) {
  const thread_times earlier{10s, {{1, 0s}, {2, 5s}}};
  EXPECT_EQ(find_spinning_thread(earlier, {12s, {{1, 0s}, {2, 6999ms}}}).value_or(spinning_thread{}).tid, 2);
  EXPECT_FALSE(find_spinning_thread(earlier, {12s, {{1, 1s}, {2, 6s}}}));
  EXPECT_FALSE(find_spinning_thread(earlier, {10500ms, {{2, 5500ms}}})) << "too short";
  EXPECT_FALSE(find_spinning_thread(earlier, {12s, {{3, 2s}}})) << "a new thread";
}

TEST(process_facts, the_map_tells_who_reported_himself_and_who_has_a_loop) {
  const auto map = std::make_unique<watch_map>();
  EXPECT_FALSE(find_map_facts(*map, 5).registered);
  map->processes[3].pid = 5;
  map->processes[3].lost_threads = 2;
  map->threads[9].pid = 5;
  map->threads[9].tid = 6;
  EXPECT_TRUE(find_map_facts(*map, 5).registered);
  EXPECT_EQ(find_map_facts(*map, 5).lost_threads, 2u);
  EXPECT_FALSE(find_map_facts(*map, 5).has_loop);
  map->threads[9].is_loop = 1;
  EXPECT_TRUE(find_map_facts(*map, 5).has_loop);
  EXPECT_FALSE(find_map_facts(*map, 6).has_loop);
}

TEST(process_facts, a_file_that_is_no_program_has_no_image) {
  EXPECT_FALSE(blocking_read_program_image("/proc/self/status"));
  EXPECT_FALSE(blocking_read_program_image("/"));
  EXPECT_FALSE(blocking_read_program_image("/no/such/file"));
}

TEST(process_facts, a_program_that_is_linked_statically_has_no_interpreter) {
  const auto image = blocking_read_program_image("/sbin/ldconfig");
  if (!image) GTEST_SKIP() << "no program here is known to be linked statically";
  EXPECT_EQ(image, (program_image{"", false, true}));
}

TEST(process_facts, a_process_that_forbids_tracing_is_found_by_asking_the_kernel) {
  if (::geteuid() == 0 && ::setegid(65534) + ::seteuid(65534) != 0) GTEST_SKIP() << "root traces everything";
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_DUMPABLE, 0);
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, WUNTRACED);
  const auto facts = blocking_collect_facts(child, "");
  EXPECT_TRUE(facts && facts->obstacle);
  EXPECT_FALSE(facts && facts->library_loaded);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  static_cast<void>(::seteuid(::getuid()) + ::setegid(::getgid()));
}

}  // namespace
}  // namespace loopscope::watch
