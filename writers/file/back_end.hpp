#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace loopscope::writers {

/// Who carries out a method's writes.
enum class back_end { threads, uring };

/// What a request may ask for. `automatic` is threads, as in libuv, unless the service is told otherwise.
enum class back_end_choice { automatic, threads, uring };

/// A back end and the reason for it, for the report.
struct selected_back_end {
  back_end id = back_end::threads;
  std::string reason;
};

constexpr std::string_view to_string(back_end id) noexcept {
  return id == back_end::uring ? "uring" : "threads";
}

constexpr std::string_view to_string(back_end_choice choice) noexcept {
  switch (choice) {
    case back_end_choice::automatic:
      return "auto";
    case back_end_choice::threads:
      return "threads";
    case back_end_choice::uring:
      return "uring";
  }
  return "";
}

constexpr std::optional<back_end_choice> find_back_end_choice(std::string_view name) noexcept {
  for (const auto each : {back_end_choice::automatic, back_end_choice::threads, back_end_choice::uring})
    if (to_string(each) == name) return each;
  return std::nullopt;
}

}  // namespace loopscope::writers
