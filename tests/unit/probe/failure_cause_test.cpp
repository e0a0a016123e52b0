#include "load/probe/failure_cause.hpp"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <set>

namespace loopscope::probe {
namespace {

namespace asio_error = boost::asio::error;
namespace http = boost::beast::http;

TEST(failure_cause, tells_refusal_from_other_failures_to_connect) {
  EXPECT_EQ(cause_of(asio_error::connection_refused, false), failure_cause::refused);
  EXPECT_EQ(cause_of(asio_error::host_unreachable, false), failure_cause::unreachable);
  EXPECT_EQ(cause_of(asio_error::timed_out, false), failure_cause::unreachable);
}

TEST(failure_cause, tells_an_orderly_close_from_a_reset_and_from_nonsense) {
  EXPECT_EQ(cause_of(http::make_error_code(http::error::end_of_stream), true), failure_cause::closed);
  EXPECT_EQ(cause_of(http::make_error_code(http::error::partial_message), true), failure_cause::closed);
  EXPECT_EQ(cause_of(asio_error::connection_reset, true), failure_cause::reset);
  EXPECT_EQ(cause_of(asio_error::broken_pipe, true), failure_cause::reset);
  EXPECT_EQ(cause_of(http::make_error_code(http::error::bad_version), true), failure_cause::malformed);
  EXPECT_EQ(cause_of(http::make_error_code(http::error::body_limit), true), failure_cause::too_large);
  EXPECT_EQ(cause_of(http::make_error_code(http::error::header_limit), true), failure_cause::header_too_large);
}

TEST(failure_cause, blames_this_machine_for_its_own_limits) {
  EXPECT_EQ(cause_of(asio_error::no_descriptors, false), failure_cause::local);
  EXPECT_EQ(cause_of(boost::system::errc::make_error_code(boost::system::errc::address_not_available), false),
            failure_cause::local);
}

TEST(failure_cause, each_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (const auto cause : all_failure_causes()) names.insert(name(cause));
  EXPECT_EQ(names.size(), failure_cause_count);
}

}  // namespace
}  // namespace loopscope::probe
