#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <span>

namespace loopscope::writers {

using boost::system::error_code;

/// One write in flight: what to write and whom to tell. Owned by whoever starts it, linked by the file.
///
/// Lifetime: the operation and its data live until on_complete is called; on_complete may destroy both.
struct write_operation {
  std::span<const std::byte> data;
  void (*on_complete)(write_operation&, error_code) = nullptr;  ///< called once, on the file's executor
  write_operation* next = nullptr;                              ///< the file's, while it is in flight
  int error_value = 0;                                          ///< the file's, while it is in flight
};

}  // namespace loopscope::writers
