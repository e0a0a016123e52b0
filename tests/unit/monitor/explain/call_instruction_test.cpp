// SPDX-License-Identifier: MIT

#include "server/monitor/explain/call_instruction.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace loopscope::monitor {
namespace {

#if defined(__x86_64__)

std::optional<call_instruction> decode(std::initializer_list<unsigned> code) {
  std::array<std::byte, max_call_size> before;
  before.fill(std::byte{0x90});
  auto at = before.size() - code.size();
  for (const auto byte : code) before[at++] = static_cast<std::byte>(byte);
  return decode_call(0x1000, before);
}

TEST(call_instruction, has_the_target_of_a_direct_call) {
  EXPECT_EQ(decode({0xe8, 0x10, 0, 0, 0})->target, 0x1010U);
  EXPECT_EQ(decode({0xe8, 0xf0, 0xff, 0xff, 0xff})->target, 0xff0U);
}

TEST(call_instruction, may_go_through_a_register_or_memory) {
  for (const auto code : {std::initializer_list<unsigned>{0xff, 0xd0},  // *%rax
                          {0x41, 0xff, 0xd4},                           // *%r12
                          {0xff, 0x10},                                 // *(%rax)
                          {0xff, 0x50, 0x18},                           // *0x18(%rax)
                          {0xff, 0x54, 0x24, 0x08},                     // *8(%rsp)
                          {0xff, 0x15, 0x78, 0x56, 0x34, 0x12},         // *d(%rip)
                          {0xff, 0x90, 0x00, 0x01, 0, 0},               // *0x100(%rax)
                          {0xff, 0x94, 0x24, 0x00, 0x01, 0, 0}}) {      // *0x100(%rsp)
    const auto call = decode(code);
    ASSERT_TRUE(call);
    EXPECT_FALSE(call->target);
  }
}

TEST(call_instruction, is_not_seen_in_other_code) {
  EXPECT_FALSE(decode({0x90}));
  EXPECT_FALSE(decode({0xff, 0xe0}));        // jmp *%rax
  EXPECT_FALSE(decode({0xff, 0x30}));        // push (%rax)
  EXPECT_FALSE(decode({0x48, 0x89, 0xe5}));  // mov %rsp,%rbp
}

TEST(call_instruction, of_a_linkage_table_has_a_slot) {
  std::array<std::byte, 16> entry{};
  const auto fill = [&](std::initializer_list<unsigned> code) {
    std::size_t at = 0;
    for (const auto byte : code) entry[at++] = static_cast<std::byte>(byte);
    return decode_jump_slot(0x1000, entry);
  };
  EXPECT_EQ(fill({0xff, 0x25, 0x10, 0, 0, 0}), 0x1016U);
  EXPECT_EQ(fill({0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25, 0x10, 0, 0, 0}), 0x101aU);
  EXPECT_EQ(fill({0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 0x10, 0, 0, 0}), 0x101bU);
  EXPECT_EQ(fill({0x55, 0x48, 0x89, 0xe5}), std::nullopt);
}

#endif

}  // namespace
}  // namespace loopscope::monitor
