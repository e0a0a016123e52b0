#pragma once

#include <chrono>
#include <cstddef>

#include "types.hpp"

namespace loopscope::http {

/// What to do with the next connection.
///
/// Beyond max_connections, a few more are taken in only to be told so (503 with Retry-After); beyond those,
/// the listener pauses until one closes, and the kernel's backlog holds who comes.
enum class admission { serve, refuse, pause };
admission admit(std::size_t open, std::size_t max_connections);

/// The same beside the others' connections: who has too many may not keep the listener from the rest, so what is
/// beyond the refusals is dropped without a word.
enum class address_admission { serve, refuse, drop };
address_admission admit_from(std::size_t open_from_there, std::size_t max_connections_per_address);

enum class accept_recovery {
  retry,    ///< that client's misfortune
  back_off  ///< this process or machine lacks something: trying at once would spin
};
accept_recovery recover_from(const error_code& accept_error);

/// Pauses between attempts that fail one after the other.
class accept_backoff {
 public:
  std::chrono::milliseconds next() noexcept;
  void reset() noexcept { failures_ = 0; }

 private:
  int failures_ = 0;
};

}  // namespace loopscope::http
