// SPDX-License-Identifier: MIT

#include "floors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <system_error>
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

void write_whole(int file, const char* data, std::size_t size) {
  check(::write(file, data, size) == static_cast<ssize_t>(size), "write");
}

/// Returns the end of the text.
char* format(char* text, std::uint64_t number) {
  *text = ' ';
  text = std::to_chars(text + 1, text + max_record_bytes - 1, number).ptr;
  *text = ' ';
  return text + 1;
}

}  // namespace

std::chrono::nanoseconds write_in_chunks(const std::filesystem::path& path, std::uint64_t count,
                                         std::size_t chunk_bytes) {
  const new_file file{path};
  std::vector<char> chunk(chunk_bytes + max_record_bytes);
  char* end = chunk.data();
  for (std::uint64_t number = 0; number < count; ++number) {
    end = format(end, number);
    if (static_cast<std::size_t>(end - chunk.data()) < chunk_bytes) continue;
    write_whole(file.descriptor(), chunk.data(), static_cast<std::size_t>(end - chunk.data()));
    end = chunk.data();
  }
  write_whole(file.descriptor(), chunk.data(), static_cast<std::size_t>(end - chunk.data()));
  return file.elapsed();
}

std::chrono::nanoseconds write_each_record(const std::filesystem::path& path, std::uint64_t count) {
  const new_file file{path};
  char text[max_record_bytes];
  for (std::uint64_t number = 0; number < count; ++number)
    write_whole(file.descriptor(), text, static_cast<std::size_t>(format(text, number) - text));
  return file.elapsed();
}

}  // namespace loopscope::bench
