#include "method.hpp"

#include <algorithm>

namespace loopscope::writers {
namespace {

constexpr std::array<std::string_view, 2> promise_aliases{"async", "await"};

constexpr std::array<method_info, method_count> methods{{
    {method::sync,
     "sync",
     {},
     loop_effect::blocked,
     back_end_use::none,
     "one write(2) per record on the I/O thread: nothing else runs until the last one"},
    {method::promise, "promise", promise_aliases, loop_effect::free, back_end_use::any,
     "awaits one write per record: the loop is free, every record pays a round trip"},
    {method::callback,
     "callback",
     {},
     loop_effect::stressed,
     back_end_use::any,
     "starts every write at once with a completion callback each and no backpressure; slice_us, off by default, cuts "
     "the queueing into slices"},
    {method::stream,
     "stream",
     {},
     loop_effect::free,
     back_end_use::any,
     "buffers up to the high-water mark, waits for drain, writes large chunks"},
    {method::partition,
     "partition",
     {},
     loop_effect::free_between_slices,
     back_end_use::none,
     "the sync loop cut into short slices that yield to the loop between them"},
    {method::offload, "offload", {}, loop_effect::free, back_end_use::threads, "the whole sync loop on a pool thread"},
}};

}  // namespace

std::span<const method_info, method_count> all_methods() noexcept {
  return methods;
}

const method_info& info(method id) noexcept {
  return methods[static_cast<std::size_t>(id)];
}

std::optional<method> find_method(std::string_view name_or_alias) noexcept {
  for (const method_info& each : methods) {
    if (each.name == name_or_alias || std::ranges::find(each.aliases, name_or_alias) != each.aliases.end())
      return each.id;
  }
  return std::nullopt;
}

std::string_view to_string(loop_effect effect) noexcept {
  switch (effect) {
    case loop_effect::blocked:
      return "blocked";
    case loop_effect::stressed:
      return "stressed";
    case loop_effect::free_between_slices:
      return "free between slices";
    case loop_effect::free:
      return "free";
  }
  return "";
}

std::optional<std::string> cannot_run(method id, back_end_choice io, const uring_support& uring) {
  const auto& method = info(id);
  if (io == back_end_choice::automatic) return std::nullopt;
  const std::string name = "method '" + std::string{method.name} + "'";
  switch (method.uses) {
    case back_end_use::none:
      return name + " calls write(2) on the I/O thread itself and takes no back end";
    case back_end_use::threads:
      if (io == back_end_choice::uring) return name + " runs on a pool thread and takes no other back end";
      return std::nullopt;
    case back_end_use::any:
      if (io == back_end_choice::uring && !uring.available) return uring.reason;
      return std::nullopt;
  }
  return std::nullopt;
}

selected_back_end select_back_end(back_end_choice asked, back_end_choice preferred, const uring_support& uring) {
  const bool by_request = asked != back_end_choice::automatic;
  const std::string who = by_request ? "asked for" : "asked for by --file-io";
  switch (by_request ? asked : preferred) {
    case back_end_choice::automatic:
      return {back_end::threads, "auto is threads, as in libuv"};
    case back_end_choice::threads:
      return {back_end::threads, who};
    case back_end_choice::uring:
      if (uring.available) return {back_end::uring, who};
      return {back_end::threads, "uring was " + who + ", but " + uring.reason};
  }
  return {};
}

}  // namespace loopscope::writers
