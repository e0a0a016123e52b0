#pragma once

#include <optional>
#include <stop_token>

namespace loopscope::http {

/// Whether the client of a request is still there. The stop state is made on demand: most requests are
/// answered before anyone could ask, and it costs an allocation.
///
/// Threads: one loop; the token that token() returns may be asked and waited on from anywhere.
class client_presence {
 public:
  std::stop_token token() {
    if (!source_) {
      source_.emplace();
      if (gone_) source_->request_stop();
    }
    return source_->get_token();
  }
  /// Callbacks on the token run before this returns.
  void leave() {
    gone_ = true;
    if (source_) source_->request_stop();
  }
  void reset() noexcept {
    source_.reset();
    gone_ = false;
  }

 private:
  std::optional<std::stop_source> source_;
  bool gone_ = false;
};

}  // namespace loopscope::http
