#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "server/monitor/stall_record.hpp"

namespace loopscope::monitor {

/// The frame belongs to the C or C++ library, Boost, the compiler's run time or this library. A stall is never blamed
/// on such a frame.
bool is_library_frame(const stack_frame& frame);

/// Some frame belongs to the loop itself.
bool has_loop_frame(std::span<const stack_frame> stack);

/// The index of the application's innermost frame; nullopt when there is none.
std::optional<std::size_t> find_blamed_frame(std::span<const stack_frame> stack);

/// The index of the application's outermost frame below the loop's own: the handler. nullopt when it is unknown.
std::optional<std::size_t> find_handler_frame(std::span<const stack_frame> stack);

/// Equal for stalls with the same application functions from the blamed frame outwards.
std::uint64_t stack_fingerprint(std::span<const stack_frame> stack);

}  // namespace loopscope::monitor
