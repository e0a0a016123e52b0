#pragma once

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>

#include "loop_watch.hpp"

namespace loopscope::monitor {

namespace detail {
namespace asio = boost::asio;
}

#include "detail/asio_monitor.hpp"

}  // namespace loopscope::monitor
