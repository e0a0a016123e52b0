// SPDX-License-Identifier: MIT

#include "server/monitor/explain/process_memory.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <stdexcept>

#include "tests/unit/monitor/explain/forbidden_call.hpp"

namespace loopscope::monitor::testing {
namespace {

TEST(process_memory, takes_a_bad_address_for_a_short_read) {
  const process_memory own(::getpid());
  const int number = 4711;
  EXPECT_EQ(own.blocking_read<int>(reinterpret_cast<std::uintptr_t>(&number)), 4711);
  EXPECT_EQ(own.blocking_read<int>(8), std::nullopt);
  EXPECT_EQ(process_memory(0x3fffffff).blocking_read<int>(reinterpret_cast<std::uintptr_t>(&number)), std::nullopt);
}

TEST(process_memory, is_read_where_the_system_call_for_it_is_forbidden) {
  constexpr std::size_t page = 4096;
  constexpr std::size_t readable = 40 * page;  // more than one call reads
  // A page behind the end of its file cannot be read, and no other thread can map anything there.
  const int file = ::memfd_create("readable", MFD_CLOEXEC);
  ASSERT_GE(file, 0);
  ASSERT_EQ(::ftruncate(file, readable), 0);
  void* const memory = ::mmap(nullptr, readable + page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  ASSERT_NE(memory, MAP_FAILED);
  static_cast<std::byte*>(memory)[readable - 1] = std::byte{47};
  std::array<std::byte, readable + page> out{};
  const auto read = std::async(std::launch::async, [&] {
                      if (!forbid_call(SYS_process_vm_readv)) throw std::runtime_error("no filter");
                      return process_memory(::getpid()).blocking_read(reinterpret_cast<std::uintptr_t>(memory), out);
                    }).get();
  ::munmap(memory, readable + page);
  EXPECT_EQ(read, readable);
  EXPECT_EQ(out[readable - 1], std::byte{47});
}

}  // namespace
}  // namespace loopscope::monitor::testing
