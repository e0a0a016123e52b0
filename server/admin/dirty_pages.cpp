// SPDX-License-Identifier: MIT

#include "dirty_pages.hpp"

#include <fcntl.h>

#include <algorithm>
#include <string>

#include "writers/file/blocking_file.hpp"
#include "writers/method.hpp"
#include "writers/system/proc_file.hpp"

namespace loopscope::admin {
namespace {

constexpr std::size_t max_files = 64;
constexpr std::uint64_t bytes_per_kib = 1024;

std::optional<std::uint64_t> kib_field(std::string_view text, std::string_view key) {
  const auto kib = system::parse_field(text, key);
  return kib ? std::optional{*kib * bytes_per_kib} : std::nullopt;
}

}  // namespace

machine_dirty_pages parse_meminfo(std::string_view text) {
  return {kib_field(text, "Dirty"), kib_field(text, "Writeback")};
}

machine_dirty_pages blocking_read_machine_dirty_pages() {
  return parse_meminfo(system::proc_file{"/proc/meminfo"}.read());
}

bool is_output_name(std::string_view name) {
  return std::ranges::any_of(writers::all_methods(), [name](const writers::method& each) {
    if (!name.starts_with(each.name)) return false;
    const auto rest = name.substr(each.name.size());
    return rest == ".txt" || (rest.starts_with(".txt.") && rest.ends_with(".part"));
  });
}

std::optional<system::page_cache_figures> blocking_read_output_pages(const std::filesystem::path& directory) {
  system::page_cache_figures total;
  std::size_t files = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator entry{directory, error}, end; !error && entry != end;
       entry.increment(error)) {
    if (!is_output_name(entry->path().filename().string())) continue;
    if (++files > max_files) break;
    const auto file = writers::posix_file::blocking_open_regular(entry->path(), O_RDONLY);
    if (file.descriptor() < 0) continue;  // renamed or removed meanwhile, or not a regular file
    const auto pages = system::blocking_read_page_cache(file.descriptor());
    if (!pages) return std::nullopt;
    total.cached_bytes += pages->cached_bytes;
    total.dirty_bytes += pages->dirty_bytes;
    total.writeback_bytes += pages->writeback_bytes;
  }
  return error ? std::nullopt : std::optional{total};
}

}  // namespace loopscope::admin
