// SPDX-License-Identifier: MIT

// Thousands of short stalls, to see whether memory grows with them. Prints the resident set as it goes.
//
//   many_stalls [stalls=10000]

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <nlohmann/json.hpp>

#include "arguments.hpp"
#include "lab_api.hpp"

namespace {

long resident_kib() {
  long pages = 0;
  if (auto* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * (::sysconf(_SC_PAGESIZE) / 1024);
}

/// Without a line for each, which would be memory of our own.
void stall() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds{2500};
  while (std::chrono::steady_clock::now() < end) continue;
}

}  // namespace

int main(int argc, char** argv) {
  const long wanted = std::stol(lab::argument(argc, argv, "stalls", "10000"));
  auto options = lab::settings("main");
  options.stall_threshold = options.probe_interval = lab::milliseconds{1};
  options.on_stall = [](const auto&) {};
  boost::asio::io_context io;
  lab::monitor::loop_monitor monitor{io, options};
  boost::asio::steady_timer timer{io};
  long done = 0;
  std::function<void()> next = [&] {
    timer.expires_after(lab::milliseconds{2});
    timer.async_wait([&](auto) {
      stall();
      if (++done % std::max(1L, wanted / 10) == 0)
        lab::journal::get().add(
            {{"memory", {{"made", done}, {"told", monitor.snapshot().total.stalls}, {"rss_kib", resident_kib()}}}});
      if (done < wanted) next();
    });
  };
  next();
  lab::run(&monitor, io);
  lab::finish(monitor);
}
