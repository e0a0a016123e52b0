#pragma once

#include <cstddef>
#include <utility>

#include "write_operation.hpp"

namespace loopscope::writers {

/// First-in first-out list of write operations, linked through the operations themselves.
class operation_queue {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  std::size_t size() const noexcept { return size_; }

  const write_operation& front() const noexcept { return *first_; }

  void push(write_operation& operation) noexcept {
    operation.next = nullptr;
    (last_ ? last_->next : first_) = &operation;
    last_ = &operation;
    ++size_;
  }

  write_operation& pop() noexcept {
    write_operation& operation = *first_;
    first_ = operation.next;
    if (first_ == nullptr) last_ = nullptr;
    --size_;
    return operation;
  }

  /// Moves all of `other` behind what is here.
  void append(operation_queue& other) noexcept {
    if (other.empty()) return;
    (last_ ? last_->next : first_) = other.first_;
    last_ = other.last_;
    size_ += other.size_;
    other = {};
  }

  /// Takes up to `most` operations from the front.
  operation_queue take(std::size_t most) noexcept {
    operation_queue taken;
    while (taken.size() < most && !empty()) taken.push(pop());
    return taken;
  }

 private:
  write_operation* first_ = nullptr;
  write_operation* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace loopscope::writers
