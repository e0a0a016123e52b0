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

constexpr std::array<std::string_view, 8> library_functions{
    "std::",
    "boost::",
    "__gnu_cxx::",
    "__cxxabiv1::",
    "asio::",
    "__sanitizer::",
    "loopscope::monitor::detail::",
    "loopscope::monitor::loop_monitor::",
};
constexpr std::array<std::string_view, 5> library_folders{"/usr/include/", "/usr/lib", "/lib/", "/lib64/", "[vdso]"};
constexpr std::array<std::string_view, 8> library_sources{"/boost/",     "/include/asio/", "/asio/detail/",
                                                          "/asio/impl/", "libstdc++-v3",   "libsanitizer",
                                                          "compiler-rt", "/sysdeps/"};

std::string_view last_part(std::string_view function) {
  const auto at = function.rfind("::");
  return at == std::string_view::npos ? function : function.substr(at + 2);
}

// With or without Boost, and with any inline namespace.
bool is_asio_function(std::string_view function) {
  return function.starts_with("asio::") || function.starts_with("boost::asio::");
}

bool runs_handlers(std::string_view name) {
  return starts_with_any(name,
                         std::array<std::string_view, 6>{"run", "poll", "do_run", "do_poll", "do_wait", "wait_one"});
}

// A frame of Asio's own loop, or of this library's around it. The frames outside it called run() and do not belong to a
// handler. A name without its namespace is that of a function that was inlined, from lines alone.
bool is_loop_frame(const stack_frame& frame) {
  const std::string_view function = frame.function;
  const auto name = last_part(function);
  if (function.starts_with("loopscope::monitor::loop_monitor::")) return runs_handlers(name);
  if (is_asio_function(function)) {
    const auto scope = function.substr(0, function.size() - name.size());
    if (scope.ends_with("::scheduler::") || scope.ends_with("::io_context::")) return runs_handlers(name);
    return scope.ends_with("::thread_pool::thread_function::");
  }
  const bool is_bare = name == function;
  return is_bare && runs_handlers(name) &&
         (frame.file.ends_with("/asio/detail/impl/scheduler.ipp") || frame.file.ends_with("/asio/impl/io_context.ipp"));
}

std::optional<std::size_t> outermost_loop_frame(std::span<const stack_frame> stack) {
  for (std::size_t i = stack.size(); i > 0; --i) {
    if (is_loop_frame(stack[i - 1])) return i - 1;
  }
  return std::nullopt;
}

std::span<const stack_frame> frames_inside_loop(std::span<const stack_frame> stack) {
  return stack.first(outermost_loop_frame(stack).value_or(stack.size()));
}

bool is_declared(const stack_frame& frame, library_prefixes declared) {
  return std::ranges::any_of(declared, [&](const std::string& prefix) {
    if (prefix.empty()) return false;
    if (prefix.find('/') == std::string::npos) return frame.function.starts_with(prefix);
    return frame.file.starts_with(prefix) || frame.file.find('/' + prefix) != std::string::npos;
  });
}

bool is_application_frame(const stack_frame& frame, library_prefixes declared) {
  return !frame.function.empty() && !is_library_frame(frame, declared);
}

/// The outermost namespace or class; empty for global functions and the lambdas in them.
std::string_view outermost_scope(std::string_view function) {
  const auto end = function.find("::");
  if (end == std::string_view::npos || function.substr(end + 2).starts_with('{')) return {};
  return function.substr(0, end);
}

/// main() called the loop if code of Asio runs in it, even if the frame of the loop is not known.
bool is_main_around_loop(std::span<const stack_frame> stack, std::size_t index) {
  return stack[index].function == "main" && std::ranges::any_of(stack.first(index), [](const stack_frame& inner) {
           return is_asio_function(inner.function);
         });
}

std::optional<std::size_t> find_by_name(std::span<const stack_frame> handlers, library_prefixes declared) {
  std::optional<std::size_t> outermost;
  for (std::size_t i = 0; i < handlers.size(); ++i) {
    if (is_application_frame(handlers[i], declared) && handlers[i].function != "main") outermost = i;
  }
  if (!outermost) return std::nullopt;
  const auto scope = outermost_scope(handlers[*outermost].function);
  for (std::size_t i = 0; i < *outermost; ++i) {
    if (is_application_frame(handlers[i], declared) && outermost_scope(handlers[i].function) == scope) return i;
  }
  return outermost;
}

}  // namespace

bool is_library_frame(const stack_frame& frame, library_prefixes declared) {
  return starts_with_any(frame.function, library_functions) || starts_with_any(frame.file, library_folders) ||
         contains_any(frame.file, library_sources) || is_loop_frame(frame) || is_declared(frame, declared);
}

bool has_loop_frame(std::span<const stack_frame> stack) {
  return outermost_loop_frame(stack).has_value();
}

std::optional<std::size_t> find_blamed_frame(std::span<const stack_frame> stack, library_prefixes declared) {
  const auto handlers = frames_inside_loop(stack);
  for (std::size_t i = 0; i < handlers.size(); ++i) {
    if (handlers[i].file.empty() || !is_application_frame(handlers[i], declared)) continue;
    if (!is_main_around_loop(stack, i)) return i;
  }
  if (const auto named = find_by_name(handlers, declared)) return named;
  const auto main = std::ranges::find(handlers, "main", &stack_frame::function);
  if (main == handlers.end()) return std::nullopt;
  const auto index = static_cast<std::size_t>(main - handlers.begin());
  return is_main_around_loop(stack, index) ? std::nullopt : std::optional(index);
}

std::optional<std::size_t> find_handler_frame(std::span<const stack_frame> stack, library_prefixes declared) {
  const auto loop = outermost_loop_frame(stack);
  for (std::size_t i = loop.value_or(0); i > 0; --i) {
    const auto& frame = stack[i - 1];
    if (frame.file.empty() || !is_application_frame(frame, declared)) continue;
    // Asio destroys a handler, with what it captured, after it has run.
    if (last_part(frame.function).starts_with('~')) return std::nullopt;
    return i - 1;
  }
  return std::nullopt;
}

std::uint64_t stack_fingerprint(std::span<const stack_frame> stack, library_prefixes declared) {
  constexpr std::uint64_t basis = 14695981039346656037U;
  constexpr std::uint64_t prime = 1099511628211U;
  std::uint64_t hash = basis;
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
    hash *= prime;
  };
  for (const auto& frame : frames_inside_loop(stack)) {
    if (is_application_frame(frame, declared)) mix(frame.function);
  }
  return hash;
}

}  // namespace loopscope::monitor
