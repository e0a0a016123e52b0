#include "floors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <system_error>
#include <vector>

namespace loopscope::bench {
namespace {

constexpr std::size_t longest_record_bytes = 22;

void check(bool done, const char* what) {
  if (!done) throw std::system_error(errno, std::system_category(), what);
}

int create(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  check(file >= 0, "open");
  return file;
}

void write_whole(int file, const char* data, std::size_t size) {
  check(::write(file, data, size) == static_cast<ssize_t>(size), "write");
}

char* format(char* at, std::uint64_t number) {
  *at = ' ';
  at = std::to_chars(at + 1, at + longest_record_bytes - 1, number).ptr;
  *at = ' ';
  return at + 1;
}

}  // namespace

void write_in_chunks(const std::filesystem::path& path, std::uint64_t count, std::size_t chunk_bytes) {
  const int file = create(path);
  std::vector<char> chunk(chunk_bytes + longest_record_bytes);
  char* end = chunk.data();
  for (std::uint64_t number = 0; number < count; ++number) {
    end = format(end, number);
    if (static_cast<std::size_t>(end - chunk.data()) < chunk_bytes) continue;
    write_whole(file, chunk.data(), static_cast<std::size_t>(end - chunk.data()));
    end = chunk.data();
  }
  write_whole(file, chunk.data(), static_cast<std::size_t>(end - chunk.data()));
  ::close(file);
}

void write_each_record(const std::filesystem::path& path, std::uint64_t count) {
  const int file = create(path);
  char text[longest_record_bytes];
  for (std::uint64_t number = 0; number < count; ++number)
    write_whole(file, text, static_cast<std::size_t>(format(text, number) - text));
  ::close(file);
}

}  // namespace loopscope::bench
