// SPDX-License-Identifier: MIT

#include <boost/asio.hpp>
#include <iostream>
#include <loopscope/writers/write_run.hpp>

namespace asio = boost::asio;
namespace writers = loopscope::writers;

int main() {
  asio::io_context io{1};
  writers::io_pool pool{2};
  loopscope::system::peak_memory_meter memory;
  writers::write_environment environment{".", pool, memory};
  writers::write_progress progress;
  writers::write_request request;
  request.method = writers::find_method("stream");
  request.verify = true;

  bool in_order = false;
  asio::co_spawn(asio::any_io_executor{io.get_executor()}, writers::run_write(request, environment, progress, {}),
                 [&](std::exception_ptr, writers::file_result<writers::write_report> report) {
                   in_order = report && report->content->in_order;
                 });
  io.run();
  pool.join();
  std::cout << (in_order ? "in order" : "not in order") << std::endl;
}
