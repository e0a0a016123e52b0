// SPDX-License-Identifier: MIT

#include "description.hpp"

#include <sys/utsname.h>

#include <sstream>
#include <thread>

namespace loopscope::app {

std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

std::shared_ptr<metrics::exporter> make_exporter() {
  return std::make_shared<metrics::exporter>(metrics::build{LOOPSCOPE_VERSION, LOOPSCOPE_COMPILER});
}

nlohmann::ordered_json describe_machine() {
  using json = nlohmann::ordered_json;
  utsname name{};
  const json kernel = ::uname(&name) == 0 ? json(name.release) : json(nullptr);
  return {{"cores", std::thread::hardware_concurrency()}, {"kernel", kernel}};
}

}  // namespace loopscope::app
