// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace loopscope::monitor {

/// The longest call instruction, in bytes.
inline constexpr std::size_t max_call_size = 7;

struct call_instruction {
  std::optional<std::uintptr_t> target;  ///< nullopt when a register or memory has it
};

/// The call instruction that ends where a call returns to, from the bytes before that address; nullopt for other code.
/// For x86-64 and AArch64.
std::optional<call_instruction> decode_call(std::uintptr_t return_address,
                                            std::span<const std::byte, max_call_size> before);

/// Where the entry of a procedure linkage table or another jump through memory finds its target; nullopt for other
/// code. For x86-64.
std::optional<std::uintptr_t> decode_jump_slot(std::uintptr_t address, std::span<const std::byte, 16> code);

/// How many bytes the beginning of a function reserves on the stack, beside the registers that it pushes; nullopt when
/// that cannot be seen. For x86-64.
std::optional<std::size_t> decode_reserved_stack(std::span<const std::byte> beginning);

/// How many bytes of the stack code releases before it returns, if it does nothing else; nullopt for other code. For
/// x86-64.
std::optional<std::size_t> decode_return(std::span<const std::byte> code);

}  // namespace loopscope::monitor
