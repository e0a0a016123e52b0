#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

namespace loopscope::writers {

using boost::system::error_code;

/// A file that is written with calls that may block: the edge where tests inject faults.
///
/// Units: bytes. Errors: the system call's errno.
/// Threads: blocking_write_some() may be called from several threads at once; each call's bytes stay together.
/// Lifetime: outlives every call and every async_file on top of it.
class blocking_file {
 public:
  virtual ~blocking_file() = default;

  /// One write of at least one byte at the file's current position; may be short.
  virtual boost::system::result<std::size_t> blocking_write_some(std::span<const std::byte> data) = 0;
};

/// Writes all of `data`, continuing after short writes and EINTR.
///
/// Errors: the first errno; what was written before it stays in the file. A write that accepts nothing is EIO.
error_code blocking_write_all(blocking_file& file, std::span<const std::byte> data);

}  // namespace loopscope::writers
