// SPDX-License-Identifier: MIT

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "families_text.hpp"
#include "server/metrics/exporter.hpp"
#include "server/metrics/service_metrics.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/write_requests.hpp"
#include "writers/system/process.hpp"

namespace loopscope::metrics {
namespace {

using namespace std::chrono_literals;
using testing::value_of;

class service_metrics_test : public ::testing::Test {
 protected:
  service_metrics_test() {
    auto& requests = metrics_.add_loop({"/hello", "/write"});
    requests.count("/hello", 200, 12us);
    requests.count("/write", 422, 1ms);
    metrics_.count_write(*writers::find_method("stream"), writers::back_end::threads, runs::outcome::completed, 300ms);
  }

  std::string text() { return exporter_.blocking_text({{"io-0", not_owned(watch_)}}, system::this_process, &metrics_); }

  runs::run_registry registry_{{}};
  // A loop that has not run: no stall, no lag, every series at 0.
  monitor::loop_watch watch_{{[](const monitor::probe&) {}, [] { return true; }}, {.name = "io-0"}};
  service_metrics metrics_{registry_};
  exporter exporter_{{"1.2.3 \"quoted\"\\", "gcc"}};
};

TEST_F(service_metrics_test, pending_bytes_are_summed_over_all_running_writes) {
  EXPECT_EQ(value_of(text(), "loopscope_write_pending_bytes"), "0");
  const auto one = std::get<std::shared_ptr<runs::active_run>>(
      registry_.begin(loopscope::testing::request_of("sync"), std::nullopt));
  const auto two = std::get<std::shared_ptr<runs::active_run>>(
      registry_.begin(loopscope::testing::request_of("sync"), std::nullopt));
  one->progress.pending(1, 1000);
  two->progress.pending(1, 234);
  EXPECT_EQ(value_of(text(), "loopscope_write_pending_bytes"), "1234");
}

TEST_F(service_metrics_test, promtool_has_no_complaint) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  const loopscope::testing::temporary_directory directory;
  const auto file = directory.path() / "metrics.txt";
  std::ofstream{file} << text();
  FILE* promtool = ::popen(("promtool check metrics 2>&1 <" + file.string()).c_str(), "r");
  ASSERT_NE(promtool, nullptr);
  std::string output;
  for (std::array<char, 512> part; std::fgets(part.data(), part.size(), promtool) != nullptr;) output += part.data();
  const int status = ::pclose(promtool);
  EXPECT_EQ(output, "");
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace loopscope::metrics
