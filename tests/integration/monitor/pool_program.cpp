// SPDX-License-Identifier: MIT

// A thread_pool as context. Its handlers are the targets that stdin gives, one a line; ends with stdin.
//
//   pool_program [threads=4]

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <iostream>
#include <string>

#include "arguments.hpp"
#include "blocks.hpp"
#include "lab_api.hpp"

int main(int argc, char** argv) {
  const auto threads = std::stoul(lab::argument(argc, argv, "threads", "4"));
  boost::asio::thread_pool pool{threads};
  const auto watch = std::make_unique<lab::monitor::loop_monitor>(pool, lab::settings("pool"));
  lab::journal::get().watch([&] { return watch->recent_stalls(); });
  lab::wait_until_known(*watch, threads);
  lab::print_ready();
  for (std::string target; std::getline(std::cin, target);)
    boost::asio::post(pool, [target] { lab::app::run_block(target); });
  lab::finish(*watch);
}
