#include "strategy.hpp"

namespace loopscope::writers {

strategy strategy_for(method id) noexcept {
  switch (id) {
    case method::sync:
      return &write_sync;
    case method::promise:
      return &write_promise;
    case method::callback:
      return &write_callback;
    case method::stream:
      return &write_stream;
    case method::partition:
      return &write_partition;
    case method::offload:
      return &write_offload;
  }
  return nullptr;
}

}  // namespace loopscope::writers
