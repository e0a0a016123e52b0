#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>

#include "loopscope/monitor/loop_monitor.hpp"

/// Members of the monitor that these programs use where it has them. Without a member, they do the next best thing.
namespace lab {

namespace monitor = loopscope::monitor;

/// Runs the function on the loop after that time, as a timer's handler.
template <class Function>
void after(boost::asio::io_context& io, std::chrono::milliseconds delay, Function function) {
  auto timer = std::make_shared<boost::asio::steady_timer>(io, delay);
  timer->async_wait([timer, function](auto) { function(); });
}

/// Runs the loop on this thread until it has no work: with its handlers counted, or as any program does.
template <class Monitor>
void run(Monitor* watched, boost::asio::io_context& io) {
  if constexpr (requires { watched->run(); }) {
    if (watched) {
      watched->run();
      return;
    }
  }
  io.run();
}

/// Returns the guard of a thread that has a loop of its own around run_one() or poll().
template <class Monitor>
auto join_thread(Monitor& watched) {
  if constexpr (requires { watched.join_thread(); }) {
    return watched.join_thread();
  } else {
    return nullptr;
  }
}

/// Returns the watch of a pool's threads.
template <class Pool>
std::shared_ptr<monitor::loop_watch> watch_pool(Pool& pool, const monitor::options& settings) {
  if constexpr (std::is_constructible_v<monitor::loop_monitor, Pool&, const monitor::options&>) {
    return std::make_shared<monitor::loop_monitor>(pool, settings);
  } else {
    return std::make_shared<monitor::loop_watch>(
        monitor::loop_hooks{[&](monitor::probe p) { boost::asio::post(pool, std::move(p)); }, [] { return false; }},
        settings);
  }
}

/// Returns false if the monitor cannot watch a strand.
template <class Monitor, class Strand>
bool watch_strand(Monitor& watched, Strand& strand, const std::string& name) {
  if constexpr (requires { watched.watch(strand, name); }) {
    watched.watch(strand, name);
    return true;
  } else {
    return false;
  }
}

template <class Record>
void add_new_members(nlohmann::json& out, const Record& r) {
  if constexpr (requires { r.tid; }) out["tid"] = r.tid;
  if constexpr (requires { r.thread_name; }) out["thread_name"] = r.thread_name;
  if constexpr (requires { r.threads, r.free_threads; }) {
    out["threads"] = r.threads;
    out["free_threads"] = r.free_threads;
  }
  if constexpr (requires { r.call->peer; }) {
    if (r.call) out["peer"] = r.call->peer;
  }
  if constexpr (requires { r.holder->thread_name; }) {
    if (r.holder) out["holder"] = r.holder->thread_name;
    if (r.holder && r.holder->culprit) out["holder_function"] = r.holder->stack[*r.holder->culprit].function;
  }
  if constexpr (requires { r.awaited_by; }) {
    for (const auto& frame : r.awaited_by) out["awaited_by"].push_back(frame.function);
  }
}

}  // namespace lab
