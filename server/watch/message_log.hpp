// SPDX-License-Identifier: MIT

#pragma once

#include <filesystem>
#include <mutex>
#include <string_view>

namespace loopscope::watch {

/// Where messages go: stderr or a file. A line is written as a whole; one that cannot be written is dropped, since the
/// watched program shares the terminal and matters more. Threads: any. Errors: the constructor throws std::system_error
/// when the file cannot be opened.
class message_log {
 public:
  /// stderr
  message_log() = default;
  /// Appends to the file.
  explicit message_log(const std::filesystem::path& file);
  message_log(const message_log&) = delete;
  message_log& operator=(const message_log&) = delete;
  ~message_log();

  /// May block as long as a reader of the terminal or pipe does not read.
  void write(std::string_view text);

 private:
  std::mutex mutex_;
  int descriptor_ = 2;
};

}  // namespace loopscope::watch
