#pragma once

#include <string>
#include <string_view>

#include "response.hpp"

namespace loopscope::http {

/// What an answer says because of its request and connection, not because of its handler.
struct answer_context {
  std::string_view date = {};
  std::string_view allowed_origin = {};  ///< empty: no CORS headers
  bool vary_by_origin = false;
  bool http_1_1 = true;
  bool keep_alive = true;
  bool without_body = false;  ///< HEAD
};

/// Appends status line, headers and, unless it streams, the body.
void append_answer(std::string& out, const response& answer, const answer_context& context);

/// An answer that never changes, serialised once; appending it allocates nothing once `out` has grown.
class prepared_answer {
 public:
  explicit prepared_answer(const response& answer);
  void append_to(std::string& out, const answer_context& context) const;
  unsigned status() const noexcept { return status_; }

 private:
  unsigned status_;
  std::string start_;      // up to the Date's value
  std::string rest_;       // what follows the Date, the empty line and the body included
  std::string rest_head_;  // the same without the body
};

}  // namespace loopscope::http
