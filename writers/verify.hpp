#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

namespace loopscope::writers {

/// What a file of records holds.
struct content_figures {
  bool complete = false;                            ///< every record exactly once, whole, and nothing else
  bool in_order = false;                            ///< and each behind its predecessor
  std::uint64_t out_of_order_records = 0;           ///< records that stand behind a larger one
  std::optional<std::uint64_t> first_out_of_order;  ///< the first position (record index) that holds another's number
};

/// Reads the text of records 0 .. count-1 piece by piece and judges it.
///
/// Memory: constant while the records are in order, one bit a record once they are not.
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
  std::vector<bool> seen_;  // filled in from the first record out of order
  content_figures figures_;
};

/// The most memory that blocking_verify() takes for so many records.
std::uint64_t verify_memory_bytes(std::uint64_t count) noexcept;

/// Reads an open file from its start, leaving its position alone, and checks it against the records 0 .. count-1.
///
/// Errors: errno of the failed read; operation_aborted once `stop` was requested. Threads: any; blocks.
boost::system::result<content_figures> blocking_verify(int descriptor, std::uint64_t count,
                                                       const std::stop_token& stop);

}  // namespace loopscope::writers
