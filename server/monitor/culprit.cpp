#include "culprit.hpp"

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

// Asio's own loop: what lies outside of it called run() and is not a handler.
bool is_loop(const stack_frame& frame) {
  return frame.function.starts_with("boost::asio::detail::scheduler::do_") ||
         frame.function == "boost::asio::detail::scheduler::run" || frame.function == "boost::asio::io_context::run";
}

std::span<const stack_frame> inside_loop(std::span<const stack_frame> stack) {
  const auto loop = std::ranges::find_if(stack, is_loop);
  return stack.first(static_cast<std::size_t>(loop - stack.begin()));
}

bool is_application(const stack_frame& frame) {
  return !frame.function.empty() && !is_plumbing(frame);
}

bool is_located_application(const stack_frame& frame) {
  return is_application(frame) && !frame.file.empty();
}

}  // namespace

bool is_plumbing(const stack_frame& frame) {
  return starts_with_any(frame.function, library_functions) || starts_with_any(frame.file, library_folders) ||
         contains_any(frame.file, library_sources);
}

std::optional<std::size_t> find_culprit(std::span<const stack_frame> stack) {
  const auto handlers = inside_loop(stack);
  auto found = std::ranges::find_if(handlers, is_located_application);
  // A program without debug information still has function names.
  if (found == handlers.end()) found = std::ranges::find_if(handlers, is_application);
  if (found == handlers.end()) return std::nullopt;
  return static_cast<std::size_t>(found - handlers.begin());
}

std::optional<std::size_t> find_handler(std::span<const stack_frame> stack) {
  const auto handlers = inside_loop(stack);
  if (handlers.size() == stack.size()) return std::nullopt;
  for (std::size_t i = handlers.size(); i > 0; --i) {
    if (is_located_application(handlers[i - 1])) return i - 1;
  }
  return std::nullopt;
}

std::uint64_t fingerprint(std::span<const stack_frame> stack) {
  constexpr std::uint64_t basis = 14695981039346656037U;
  constexpr std::uint64_t prime = 1099511628211U;
  std::uint64_t hash = basis;
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
    hash *= prime;
  };
  for (const auto& frame : inside_loop(stack)) {
    if (is_application(frame)) mix(frame.function);
  }
  return hash;
}

}  // namespace loopscope::monitor
