// SPDX-License-Identifier: MIT

#pragma once

#include <string>
#include <vector>

namespace loopscope::http::test {

/// What clients may send and what must come back. Where the RFCs leave a choice, a comment gives its reason.
///
/// The routes: /hello and /healthz with fixed responses, GET and POST of /write, which acts and therefore has no HEAD,
/// and accepts only method=stream, with or without count.
/// Source: RFC 9110; RFC 9112.
struct http_case {
  enum class ending { stays, closes };

  std::string name;
  std::string bytes;
  std::vector<int> statuses;  ///< of the final responses, in order
  ending end = ending::stays;
  std::vector<std::size_t> headless = {};  ///< the indexes of the responses to HEAD, which have no body
};

struct http_case_group {
  std::string name;
  std::vector<http_case> cases;
};

const std::vector<http_case_group>& grammar_cases();

/// GET /hello: a request that may follow any case.
extern const std::string next_request;

}  // namespace loopscope::http::test
