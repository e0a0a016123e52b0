// SPDX-License-Identifier: MIT

#pragma once

#include <cstdint>
#include <string_view>

#include "writers/write_run.hpp"

namespace loopscope::testing {

inline writers::write_request request_of(std::string_view method, std::uint64_t count = writers::default_count) {
  writers::write_request request;
  request.method = writers::find_method(method);
  request.count = count;
  return request;
}

}  // namespace loopscope::testing
