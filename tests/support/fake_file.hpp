// SPDX-License-Identifier: MIT

#pragma once

#include <algorithm>
#include <boost/system/error_code.hpp>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>

#include "writers/file/blocking_file.hpp"

namespace loopscope::testing {

/// A file in memory. The test decides what each write does: accept a part, fail, or wait for release().
class fake_file final : public writers::blocking_file {
 public:
  /// One write accepts up to `max_bytes`, or fails with an errno.
  struct behaviour {
    std::size_t max_bytes = SIZE_MAX;
    int error_value = 0;
  };

  /// Called for every write with its index from 0.
  std::function<behaviour(std::uint64_t)> on_write = [](std::uint64_t) { return behaviour{}; };

  boost::system::result<std::size_t> blocking_write_some(std::span<const std::byte> data) override {
    const auto written = blocking_write_some_at(position_, data);
    if (written) position_ += *written;
    return written;
  }

  boost::system::result<std::size_t> blocking_write_some_at(std::uint64_t offset,
                                                            std::span<const std::byte> data) override {
    std::unique_lock lock{mutex_};
    const behaviour now = on_write(calls_++);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    --waiting_;
    if (now.error_value != 0) return boost::system::error_code{now.error_value, boost::system::system_category()};
    const std::size_t accepted = std::min(now.max_bytes, data.size());
    content_.resize(std::max<std::size_t>(content_.size(), offset + accepted));
    std::memcpy(content_.data() + offset, data.data(), accepted);
    return accepted;
  }

  /// From now on writes do not return until release().
  void hold() {
    const std::lock_guard lock{mutex_};
    held_ = true;
  }
  void release() {
    const std::lock_guard lock{mutex_};
    held_ = false;
    changed_.notify_all();
  }
  void wait_until_writes_hang(std::size_t count) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }

  std::size_t hanging_writes() const {
    const std::lock_guard lock{mutex_};
    return held_ ? waiting_ : 0;
  }

  std::string content() const {
    const std::lock_guard lock{mutex_};
    return content_;
  }
  std::uint64_t calls() const {
    const std::lock_guard lock{mutex_};
    return calls_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string content_;
  std::uint64_t position_ = 0;  // of the writes without an offset, which are one thread's
  std::uint64_t calls_ = 0;
  std::size_t waiting_ = 0;
  bool held_ = false;
};

}  // namespace loopscope::testing
