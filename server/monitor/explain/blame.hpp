// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/monitor/stall_record.hpp"

namespace loopscope::monitor {

/// What the application declares to be library code beside what is known to be: the beginning of a function's qualified
/// name ("nlohmann::"), or, with a slash, of a path or of a part of it ("third_party/json/").
using library_prefixes = std::span<const std::string>;

/// What loopscope loads into a program that it watches from outside.
inline constexpr std::string_view preloaded_library = "/libloopscope-watch.so";

/// The frame belongs to the C or C++ library, Boost, Asio, the compiler's run time or this library. A stall is never
/// blamed on such a frame.
bool is_library_frame(const stack_frame& frame, library_prefixes declared = {});

/// Some frame belongs to the loop itself: Asio's, one of a known other library, or one that is_loop marks.
bool has_loop_frame(std::span<const stack_frame> stack);

/// There is a loop, and inside of it there is nothing but itself and libraries: no handler runs.
bool is_inside_loop_only(std::span<const stack_frame> stack);

/// The index of the application's innermost frame inside the loop; nullopt when there is none.
///
/// The frames outside the outermost run() are no part of a handler. A handler that calls run() itself is blamed when
/// nothing of the application runs in there. Where no frame has a file, since the program has no debug information, it
/// is the innermost frame in the namespace of the handler: names alone do not tell a library's templates.
///
/// Outside of Asio's loop: where a runtime's code has names, it is the innermost function of the script (JavaScript,
/// Python) that is no part of the runtime, else of the runtime's own script. Native functions inside of an interpreter
/// are never blamed. A program without any symbol is blamed as a whole, by a frame with its file alone.
std::optional<std::size_t> find_blamed_frame(std::span<const stack_frame> stack, library_prefixes declared = {});

/// The index of the application's outermost frame below the loop's own: the handler. nullopt when it is unknown, also
/// while a finished handler is destroyed.
std::optional<std::size_t> find_handler_frame(std::span<const stack_frame> stack, library_prefixes declared = {});

/// Equal for stalls with the same application functions from the blamed frame outwards.
std::uint64_t stack_fingerprint(std::span<const stack_frame> stack, library_prefixes declared = {});

}  // namespace loopscope::monitor
