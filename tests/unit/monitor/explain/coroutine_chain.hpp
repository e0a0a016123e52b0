// SPDX-License-Identifier: MIT

#pragma once

#include <boost/asio/awaitable.hpp>

namespace app {

/// Awaits outer(), which awaits middle(), which awaits inner(), which reads a byte.
boost::asio::awaitable<void> outermost(int fd);

}  // namespace app
