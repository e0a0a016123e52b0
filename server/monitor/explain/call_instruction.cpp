// SPDX-License-Identifier: MIT

#include "call_instruction.hpp"

#include <cstring>

namespace loopscope::monitor {
namespace {

template <class T>
T value_at(std::span<const std::byte> bytes, std::size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

#if defined(__x86_64__)

unsigned byte_at(std::span<const std::byte> bytes, std::size_t offset) {
  return std::to_integer<unsigned>(bytes[offset]);
}

// The length of a call through a register or memory: opcode FF /2. 0 for another instruction.
std::size_t indirect_call_size(unsigned modrm, unsigned sib) {
  const auto mod = modrm >> 6U;
  const auto base = modrm & 7U;
  if (((modrm >> 3U) & 7U) != 2) return 0;
  if (mod == 3) return 2;
  std::size_t size = base == 4 ? 3 : 2;
  if (mod == 1) size += 1;
  if (mod == 2 || (mod == 0 && base == 5) || (mod == 0 && base == 4 && (sib & 7U) == 5)) size += 4;
  return size;
}

#endif

}  // namespace

std::optional<call_instruction> decode_call([[maybe_unused]] std::uintptr_t return_address,
                                            std::span<const std::byte, max_call_size> before) {
#if defined(__x86_64__)
  if (byte_at(before, max_call_size - 5) == 0xe8) {
    const auto distance = value_at<std::int32_t>(before, max_call_size - 4);
    return call_instruction{return_address + static_cast<std::uintptr_t>(std::intptr_t{distance})};
  }
  for (std::size_t size = 2; size <= max_call_size; ++size) {
    const auto at = max_call_size - size;
    if (byte_at(before, at) != 0xff) continue;
    const auto sib = size > 2 ? byte_at(before, at + 2) : 0;
    if (indirect_call_size(byte_at(before, at + 1), sib) == size) return call_instruction{};
  }
#elif defined(__aarch64__)
  const auto word = value_at<std::uint32_t>(before, max_call_size - 4);
  if (word >> 26U == 0x25) {  // BL
    const auto distance = static_cast<std::int32_t>(word << 6U) >> 4;
    return call_instruction{return_address - 4 + static_cast<std::uintptr_t>(std::intptr_t{distance})};
  }
  constexpr std::uint32_t blr = 0xd63f0000;
  constexpr std::uint32_t blr_authenticated = 0xd63f0800;  // BLRAA, BLRAB and their forms with a zero modifier
  if ((word & 0xfffffc1fU) == blr || (word & 0xfefff800U) == blr_authenticated) return call_instruction{};
#else
  static_cast<void>(before);
#endif
  return std::nullopt;
}

std::optional<std::uintptr_t> decode_jump_slot([[maybe_unused]] std::uintptr_t address,
                                               [[maybe_unused]] std::span<const std::byte, 16> code) {
#if defined(__x86_64__)
  std::size_t at = 0;
  if (value_at<std::uint32_t>(code, 0) == 0xfa1e0ff3) at = 4;  // endbr64
  if (byte_at(code, at) == 0xf2) at += 1;                      // bnd
  if (byte_at(code, at) != 0xff || byte_at(code, at + 1) != 0x25) return std::nullopt;
  const auto distance = value_at<std::int32_t>(code, at + 2);
  return address + at + 6 + static_cast<std::uintptr_t>(std::intptr_t{distance});
#else
  return std::nullopt;
#endif
}

std::optional<std::size_t> decode_reserved_stack([[maybe_unused]] std::span<const std::byte> beginning) {
#if defined(__x86_64__)
  // sub $size,%rsp: REX.W 81 /5 with four bytes, or REX.W 83 /5 with one.
  for (std::size_t at = 0; at + 7 <= beginning.size(); ++at) {
    if (byte_at(beginning, at) != 0x48 || byte_at(beginning, at + 2) != 0xec) continue;
    if (byte_at(beginning, at + 1) == 0x81) return value_at<std::uint32_t>(beginning, at + 3);
    if (byte_at(beginning, at + 1) == 0x83) return byte_at(beginning, at + 3);
  }
#endif
  return std::nullopt;
}

std::optional<std::size_t> decode_return([[maybe_unused]] std::span<const std::byte> code) {
#if defined(__x86_64__)
  // add $size,%rsp: REX.W 83 /0 with one byte; ret.
  const bool is_release = code.size() >= 5 && byte_at(code, 0) == 0x48 && byte_at(code, 1) == 0x83 &&
                          byte_at(code, 2) == 0xc4 && byte_at(code, 4) == 0xc3;
  if (is_release && byte_at(code, 3) < 0x80) return byte_at(code, 3);
#endif
  return std::nullopt;
}

}  // namespace loopscope::monitor
