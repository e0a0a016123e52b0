#include "blame.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace loopscope::monitor {
namespace {

bool starts_with_any(std::string_view text, std::span<const std::string_view> prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view p) { return text.starts_with(p); });
}

bool contains_any(std::string_view text, std::span<const std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view p) { return text.find(p) != std::string_view::npos; });
}

constexpr std::array<std::string_view, 7> library_functions{
    "std::", "boost::", "__gnu_cxx::", "__cxxabiv1::", "asio::", "__sanitizer::", "loopscope::monitor::detail::",
};
constexpr std::array<std::string_view, 5> library_folders{"/usr/include/", "/usr/lib", "/lib/", "/lib64/", "[vdso]"};
constexpr std::array<std::string_view, 5> library_sources{"/boost/", "libstdc++-v3", "libsanitizer", "compiler-rt",
                                                          "/sysdeps/"};

// A frame of Asio's own loop. The frames outside it called run() and do not belong to a handler.
bool is_loop_frame(const stack_frame& frame) {
  return frame.function.starts_with("boost::asio::detail::scheduler::do_") ||
         frame.function == "boost::asio::detail::scheduler::run" || frame.function == "boost::asio::io_context::run";
}

std::span<const stack_frame> frames_inside_loop(std::span<const stack_frame> stack) {
  const auto loop = std::ranges::find_if(stack, is_loop_frame);
  return stack.first(static_cast<std::size_t>(loop - stack.begin()));
}

bool is_application_frame(const stack_frame& frame) {
  return !frame.function.empty() && !is_library_frame(frame);
}

bool is_application_frame_with_file(const stack_frame& frame) {
  return is_application_frame(frame) && !frame.file.empty();
}

}  // namespace

bool is_library_frame(const stack_frame& frame) {
  return starts_with_any(frame.function, library_functions) || starts_with_any(frame.file, library_folders) ||
         contains_any(frame.file, library_sources);
}

bool has_loop_frame(std::span<const stack_frame> stack) {
  return std::ranges::any_of(stack, is_loop_frame);
}

std::optional<std::size_t> find_blamed_frame(std::span<const stack_frame> stack) {
  const auto handlers = frames_inside_loop(stack);
  auto found = std::ranges::find_if(handlers, is_application_frame_with_file);
  // A program without debug information still has function names.
  if (found == handlers.end()) found = std::ranges::find_if(handlers, is_application_frame);
  if (found == handlers.end()) return std::nullopt;
  return static_cast<std::size_t>(found - handlers.begin());
}

std::optional<std::size_t> find_handler_frame(std::span<const stack_frame> stack) {
  const auto handlers = frames_inside_loop(stack);
  if (handlers.size() == stack.size()) return std::nullopt;
  for (std::size_t i = handlers.size(); i > 0; --i) {
    if (is_application_frame_with_file(handlers[i - 1])) return i - 1;
  }
  return std::nullopt;
}

std::uint64_t stack_fingerprint(std::span<const stack_frame> stack) {
  constexpr std::uint64_t basis = 14695981039346656037U;
  constexpr std::uint64_t prime = 1099511628211U;
  std::uint64_t hash = basis;
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
    hash *= prime;
  };
  for (const auto& frame : frames_inside_loop(stack)) {
    if (is_application_frame(frame)) mix(frame.function);
  }
  return hash;
}

}  // namespace loopscope::monitor
