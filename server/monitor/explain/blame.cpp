// SPDX-License-Identifier: MIT

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

// The functions of other event loops, with those that call the handlers for them.
constexpr auto other_loops = std::to_array<std::string_view>({
    // Redis
    "aeApiPoll",
    "aeMain",
    "aeProcessEvents",
    // nginx
    "ngx_epoll_process_events",
    "ngx_event_process_posted",
    "ngx_master_process_cycle",
    "ngx_poll_process_events",
    "ngx_process_events_and_timers",
    "ngx_select_process_events",
    "ngx_single_process_cycle",
    "ngx_spawn_process",
    "ngx_start_worker_processes",
    "ngx_worker_process_cycle",
    // HAProxy
    "_do_poll",
    "fd_update_events",
    "process_runnable_tasks",
    "run_poll_loop",
    "run_tasks_from_lists",
    "run_thread_poll_loop",
    // libevent
    "epoll_dispatch",
    "event_base_dispatch",
    "event_base_loop",
    "event_dispatch",
    "event_loop",
    "event_process_active",
    "event_process_active_single_queue",
    // libev
    "ev_invoke_pending",
    "ev_run",
    // libuv
    "uv__io_poll",
    "uv__run_timers",
    "uv_run",
    // GLib
    "g_main_context_dispatch",
    "g_main_context_iteration",
    "g_main_loop_run",
    // sd-event
    "sd_event_loop",
    "sd_event_run",
});

bool is_named_loop(const stack_frame& frame) {
  return std::ranges::find(other_loops, frame.function) != other_loops.end();
}

// A frame of Asio's own loop, or of this library's around it. The frames outside it called run() and do not belong to a
// handler. A name without its namespace is that of a function that was inlined, from lines alone.
bool is_asio_loop(const stack_frame& frame) {
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

bool is_loop_frame(const stack_frame& frame) {
  return frame.is_loop || is_asio_loop(frame) || is_named_loop(frame);
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

/// JavaScript and Python that belong to their runtime.
bool is_runtime_file(std::string_view file) {
  constexpr std::array<std::string_view, 3> internal{"node:", "internal/", "<frozen "};
  if (file.empty() || starts_with_any(file, internal)) return true;
  const bool is_installed =
      file.find("/site-packages/") != std::string_view::npos || file.find("/dist-packages/") != std::string_view::npos;
  return file.find("/lib/python3.") != std::string_view::npos && !is_installed;
}

bool is_script_frame(const stack_frame& frame) {
  return frame.is_jit && !frame.function.empty() && !frame.file.empty();
}

/// The innermost function of the script itself, else of the runtime's own script.
std::optional<std::size_t> find_script_frame(std::span<const stack_frame> stack, library_prefixes declared) {
  std::optional<std::size_t> internal;
  for (std::size_t i = 0; i < stack.size(); ++i) {
    if (!is_script_frame(stack[i])) continue;
    if (!is_runtime_file(stack[i].file) && !is_declared(stack[i], declared)) return i;
    if (!internal) internal = i;
  }
  return internal;
}

/// A function that only the native part of a runtime has: of CPython, V8 or Node.js. Where its script has no names, the
/// native functions inside of it say nothing about the program.
bool is_runtime_function(const stack_frame& frame) {
  constexpr std::array<std::string_view, 10> beginnings{
      "_PyEval_",  "PyEval_", "Py_RunMain",  "Py_BytesMain",        "pymain_",
      "Builtins_", "v8::",    "node::Start", "node::SpinEventLoop", "node::NodeMainInstance::"};
  return starts_with_any(frame.function, beginnings);
}

bool is_nameless(const stack_frame& frame) {
  return frame.function.empty() && !frame.file.empty() && frame.line == 0;
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

/// The innermost frame of a program that has no names at all. Where there are some, a function without one may well be
/// the loop's.
std::optional<std::size_t> find_nameless(std::span<const stack_frame> handlers, std::span<const stack_frame> stack,
                                         library_prefixes declared) {
  const auto has_name = [&](const stack_frame& f) { return is_application_frame(f, declared); };
  if (std::ranges::any_of(stack, has_name) || std::ranges::any_of(stack, is_named_loop)) return std::nullopt;
  const auto found = std::ranges::find_if(
      handlers, [&](const stack_frame& f) { return is_nameless(f) && !is_library_frame(f, declared); });
  return found == handlers.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - handlers.begin()));
}

}  // namespace

bool is_library_frame(const stack_frame& frame, library_prefixes declared) {
  return starts_with_any(frame.function, library_functions) || starts_with_any(frame.file, library_folders) ||
         contains_any(frame.file, library_sources) || frame.file.ends_with(preloaded_library) || is_loop_frame(frame) ||
         is_declared(frame, declared);
}

bool has_loop_frame(std::span<const stack_frame> stack) {
  return outermost_loop_frame(stack).has_value();
}

bool is_inside_loop_only(std::span<const stack_frame> stack) {
  const auto loop = outermost_loop_frame(stack);
  return loop && std::ranges::all_of(stack.first(*loop), [](const stack_frame& f) { return is_library_frame(f); });
}

std::optional<std::size_t> find_blamed_frame(std::span<const stack_frame> stack, library_prefixes declared) {
  const bool has_asio = std::ranges::any_of(stack, is_asio_loop);
  if (!has_asio) {
    if (const auto script = find_script_frame(stack, declared)) return script;
    if (std::ranges::any_of(stack, is_runtime_function)) return std::nullopt;
  }
  const auto handlers = frames_inside_loop(stack);
  for (std::size_t i = 0; i < handlers.size(); ++i) {
    if (handlers[i].file.empty() || !is_application_frame(handlers[i], declared)) continue;
    if (!is_main_around_loop(stack, i)) return i;
  }
  if (const auto named = find_by_name(handlers, declared)) return named;
  const auto main = std::ranges::find(handlers, "main", &stack_frame::function);
  if (main == handlers.end() && !has_asio) return find_nameless(handlers, stack, declared);
  if (main == handlers.end()) return std::nullopt;
  const auto index = static_cast<std::size_t>(main - handlers.begin());
  return is_main_around_loop(stack, index) ? std::nullopt : std::optional(index);
}

std::optional<std::size_t> find_handler_frame(std::span<const stack_frame> stack, library_prefixes declared) {
  const auto loop = outermost_loop_frame(stack);
  for (std::size_t i = loop.value_or(0); i > 0; --i) {
    const auto& frame = stack[i - 1];
    if (frame.file.empty() || !is_application_frame(frame, declared)) continue;
    if (frame.is_jit && is_runtime_file(frame.file)) continue;
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
