// SPDX-License-Identifier: MIT

#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "allowed_hosts.hpp"
#include "observer.hpp"
#include "parse/request.hpp"
#include "response.hpp"

namespace loopscope::http {

/// Runs on the loop that took the request; what blocks in it blocks that loop. The request outlives the
/// coroutine. An exception becomes a 500 that says nothing of its cause, and observer::on_handler_failed().
using handler = std::function<task<response>(const request&)>;

struct route_options {
  /// Answer 403 when a browser says that another site's page sent the request (Sec-Fetch-Site: cross-site).
  bool refuse_cross_site = false;
  /// GET's handler answers HEAD too, and its body is not sent. False where the handler acts: HEAD is then a 405.
  bool head_from_get = true;
};

/// One method of one path.
struct route {
  verb method = verb::get;
  std::string path;  ///< also its name in metrics
  handler handle;    ///< empty when `fixed` answers
  std::optional<prepared_answer> fixed;
  route_options options;
};

/// Which handler answers which method and path (exact, percent-decoded).
///
/// Threads: filled before any server uses it, then shared by all loops unchanged; so handlers of several
/// loops may run at the same time.
class router {
 public:
  /// Throws std::invalid_argument when it is there already.
  void add(verb method, std::string path, handler handle, route_options options = {});
  /// GET and HEAD with an answer that never changes: nothing is run or allocated for it.
  void fixed(std::string path, const response& answer);

  /// By which Host names handlers may be reached (421 for others); any, until told. Fixed answers are the same
  /// for everyone and answer to any name.
  void hosts(allowed_hosts known) { hosts_ = std::move(known); }
  const allowed_hosts& hosts() const noexcept { return hosts_; }

  struct match {
    const route* found = nullptr;
    bool path_known = false;
  };
  /// Every path once, in the order in which they were added.
  std::vector<std::string> paths() const;
  match find(verb method, std::string_view path) const noexcept;
  /// The Allow header of a path; of all paths together for "*".
  std::string allowed(std::string_view path) const;

 private:
  route& insert(verb method, std::string path);
  std::deque<route> routes_;  // addresses stay
  allowed_hosts hosts_;
};

/// What is to be done with a request: run or send `serve`, or else send `answer`.
struct dispatch_plan {
  const route* serve = nullptr;
  response answer;
  std::string_view route_name = observer::other_route;
};

dispatch_plan plan_dispatch(const router& routes, const request& asked);

}  // namespace loopscope::http
