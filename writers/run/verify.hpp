// SPDX-License-Identifier: MIT

#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "../write_report.hpp"

namespace loopscope::writers {

/// Checks the text of records 0 .. count-1, piece by piece.
///
/// Memory: constant while the records are in order, one bit per record after that.
/// Threads: one at a time.
class record_checker {
 public:
  explicit record_checker(std::uint64_t count) : count_(count) {}

  void feed(std::span<const std::byte> text);
  content_figures finish() const;

 private:
  enum class state { before, first_digit, digits };

  void feed(char c);
  void accept(std::uint64_t number);

  std::uint64_t count_;
  state state_ = state::before;
  std::uint64_t number_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t largest_ = 0;
  bool malformed_ = false;
  std::vector<bool> seen_;  // used from the first record out of order
  content_figures figures_;
};

/// The memory that blocking_verify() uses at most.
std::uint64_t verify_memory_bytes(std::uint64_t count) noexcept;

/// Reads an open file from its start and checks it against the records 0 .. count-1. The file position stays.
///
/// Errors: errno of the failed read; operation_aborted after `stop` was requested. Threads: any; blocks.
boost::system::result<content_figures> blocking_verify(int descriptor, std::uint64_t count,
                                                       const std::stop_token& stop);

}  // namespace loopscope::writers
