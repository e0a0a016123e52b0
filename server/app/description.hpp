// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "server/metrics/exporter.hpp"

namespace loopscope::app {

/// Such as "127.0.0.1:8081".
std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint);

/// For /metrics of this binary.
std::shared_ptr<metrics::exporter> make_exporter();

/// "cores" and "kernel", for /info.
nlohmann::ordered_json describe_machine();

}  // namespace loopscope::app
