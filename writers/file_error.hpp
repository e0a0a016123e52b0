// SPDX-License-Identifier: MIT

#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <string>
#include <string_view>

namespace loopscope::writers {

using boost::system::error_code;

/// errno.
inline error_code last_error() {
  return {errno, boost::system::system_category()};
}

/// A failed file operation: which one, on which path, and why (errno).
struct file_error {
  error_code code;
  std::string_view operation;  ///< the system call's name; static storage
  std::string path;
  error_code left_behind = {};  ///< why the partial file could not be removed; no error: nothing is left of it

  /// For instance "write /data/sync.txt: No space left on device (errno 28)".
  std::string message() const {
    return std::string{operation} + " " + path + ": " + code.message() + " (errno " + std::to_string(code.value()) +
           ")";
  }
};

/// Called by result::value() on a failure.
[[noreturn]] inline void throw_exception_from_error(const file_error& error, const boost::source_location&) {
  throw boost::system::system_error(error.code, std::string{error.operation} + " " + error.path);
}

template <class T>
using file_result = boost::system::result<T, file_error>;

}  // namespace loopscope::writers
