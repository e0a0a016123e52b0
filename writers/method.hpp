#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "file/back_end.hpp"
#include "file/uring_support.hpp"

namespace loopscope::writers {

/// The ways of writing a million small records that this project compares.
enum class method { sync, promise, callback, stream, partition, offload };

/// What a method does to the event loop that it is called on.
enum class loop_effect { blocked, stressed, free_between_slices, free };

/// Which file back ends can carry out a method's writes.
enum class back_end_use {
  none,     ///< the I/O thread itself calls write(2)
  threads,  ///< a pool thread does, for the whole run
  any       ///< each write goes through a back end
};

/// What a user is told about a method, and what the service may ask of it.
///
/// Lifetime: static. Threads: any.
struct method_info {
  method id;
  std::string_view name;                      ///< also the file name, the CLI value and the metric label
  std::span<const std::string_view> aliases;  ///< other names that select it
  loop_effect loop;
  back_end_use uses;
  std::string_view description;  ///< one line
};

inline constexpr std::size_t method_count = 6;

/// Every method, in the order in which they are shown.
std::span<const method_info, method_count> all_methods() noexcept;
const method_info& info(method id) noexcept;
/// The method of that name or alias; nothing when there is none.
std::optional<method> find_method(std::string_view name_or_alias) noexcept;
std::string_view to_string(loop_effect effect) noexcept;
/// Why this method cannot run on what was asked for, if so: a sentence without its full stop, for people.
std::optional<std::string> cannot_run(method id, back_end_choice io, const uring_support& uring);
/// The back end for a request that asks for `asked`, in a service that is told `preferred` (--file-io), and why.
///
/// The rule is fixed and measures nothing: `uring` is for who asks for it, `automatic` is threads, as in libuv. Where
/// uring is asked for and cannot run, threads are taken and the reason says so.
selected_back_end select_back_end(back_end_choice asked, back_end_choice preferred, const uring_support& uring);

}  // namespace loopscope::writers
