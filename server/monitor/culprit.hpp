#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "stall_record.hpp"

namespace loopscope::monitor {

/// The frame belongs to the C or C++ library, Boost, the compiler's run time or this library: plumbing that a
/// stall is never blamed on.
bool is_plumbing(const stack_frame& frame);

/// The innermost frame of the application; nullopt when there is none.
std::optional<std::size_t> find_culprit(std::span<const stack_frame> stack);

/// The outermost frame of the application below the loop's own: the handler. nullopt when it cannot be told.
std::optional<std::size_t> find_handler(std::span<const stack_frame> stack);

/// Equal for stalls with the same application functions from the culprit outwards.
std::uint64_t fingerprint(std::span<const stack_frame> stack);

}  // namespace loopscope::monitor
