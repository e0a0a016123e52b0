// SPDX-License-Identifier: MIT

#include "floors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace loopscope::bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t max_record_bytes = 22;

void check(bool done, const char* operation) {
  if (!done) throw std::system_error(errno, std::system_category(), operation);
}

/// A new file and the time since it was opened. The time includes neither the removal of an earlier file nor closing.
class new_file {
 public:
  explicit new_file(const std::filesystem::path& path) {
    std::filesystem::remove(path);
    opened_ = clock::now();
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    check(descriptor_ >= 0, "open");
  }
  ~new_file() { ::close(descriptor_); }
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;

  int descriptor() const { return descriptor_; }
  std::chrono::nanoseconds elapsed() const { return clock::now() - opened_; }

 private:
  clock::time_point opened_;
  int descriptor_;
};

void write_whole(int file, std::string_view text) {
  check(::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "write");
}

/// Writes to a file, on another thread if asked to. write() returns when the text is written.
class writer {
 public:
  writer(int file, writing_thread writes) : file_(file) {
    if (writes == writing_thread::another) thread_ = std::thread{[this] { run(); }};
  }
  ~writer() {
    if (!thread_.joinable()) return;
    post(end);
    thread_.join();
  }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  void write(std::string_view text) {
    if (!thread_.joinable()) return write_whole(file_, text);
    text_ = text;
    post(posted);
    while (state_.load(std::memory_order_acquire) != idle) {
    }
  }

 private:
  enum state { idle, posted, end };

  void post(state next) { state_.store(next, std::memory_order_release); }
  void run() {
    for (;;) {
      const state now = state_.load(std::memory_order_acquire);
      if (now == end) return;
      if (now == idle) continue;
      write_whole(file_, text_);
      post(idle);
    }
  }

  const int file_;
  alignas(64) std::atomic<state> state_{idle};  // with the text in one cache line
  std::string_view text_;
  std::thread thread_;
};

/// Returns the end of the text.
char* format(char* text, std::uint64_t number) {
  *text = ' ';
  text = std::to_chars(text + 1, text + max_record_bytes - 1, number).ptr;
  *text = ' ';
  return text + 1;
}

}  // namespace

std::chrono::nanoseconds write_in_chunks(const std::filesystem::path& path, std::uint64_t count,
                                         std::size_t chunk_bytes, writing_thread writes) {
  const new_file file{path};
  writer out{file.descriptor(), writes};
  std::vector<char> chunk(chunk_bytes + max_record_bytes);
  char* end = chunk.data();
  for (std::uint64_t number = 0; number < count; ++number) {
    end = format(end, number);
    if (static_cast<std::size_t>(end - chunk.data()) < chunk_bytes) continue;
    out.write({chunk.data(), end});
    end = chunk.data();
  }
  out.write({chunk.data(), end});
  return file.elapsed();
}

std::chrono::nanoseconds write_each_record(const std::filesystem::path& path, std::uint64_t count,
                                           writing_thread writes) {
  const new_file file{path};
  writer out{file.descriptor(), writes};
  char text[max_record_bytes];
  for (std::uint64_t number = 0; number < count; ++number) out.write({text, format(text, number)});
  return file.elapsed();
}

std::chrono::nanoseconds write_each_record_on_threads(const std::filesystem::path& path, std::uint64_t count,
                                                      std::uint64_t threads) {
  const new_file file{path};
  {
    std::vector<std::jthread> writers;
    for (std::uint64_t thread = 0; thread < threads; ++thread)
      writers.emplace_back([&file, count, threads, thread] {
        char text[max_record_bytes];
        for (std::uint64_t number = thread; number < count; number += threads)
          write_whole(file.descriptor(), {text, format(text, number)});
      });
  }
  return file.elapsed();
}

}  // namespace loopscope::bench
