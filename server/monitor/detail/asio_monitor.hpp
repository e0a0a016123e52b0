// The monitor of an Asio program, for either Asio: loop_monitor.hpp includes this file for Boost.Asio and
// standalone_asio.hpp for standalone Asio, each inside a namespace whose detail::asio is its Asio. So this file has no
// #include and no #pragma once, and names of Asio are written asio:: in namespace detail and detail::asio:: outside.

namespace detail {

/// Keeps a loop's activity slot alive as long as its io_context, so that handlers may refer to it without owning it.
class activity_service : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;

  explicit activity_service(asio::execution_context& owner, std::size_t capacity = 1024)
      : service(owner), slot_(std::make_shared<activity_slot>(capacity)) {}

  const std::shared_ptr<activity_slot>& slot() const noexcept { return slot_; }

 private:
  void shutdown() override {}

  std::shared_ptr<activity_slot> slot_;
};

inline std::shared_ptr<activity_slot> slot_of(asio::io_context& io, std::size_t capacity) {
  if (!asio::has_service<activity_service>(io)) asio::make_service<activity_service>(io, capacity);
  return asio::use_service<activity_service>(io).slot();
}

}  // namespace detail

/// Watches an io_context that one thread runs: its lag, its stalls, their cause and their place in the code.
///
///     boost::asio::io_context io;
///     loopscope::monitor::loop_monitor monitor{io, {.name = "io-0", .on_stall = print}};
///     io.run();
///
/// The first probe finds out which thread runs the loop. Before run() and after it has returned, there is no stall.
/// If several threads call run(), only a block of all of them is seen. Cost to the loop: one posted handler per five
/// deadlines when it is idle, one per ten milliseconds when it is busy. Threads: see loop_watch. Lifetime: the
/// io_context outlives the monitor.
class loop_monitor : public loop_watch {
 public:
  explicit loop_monitor(detail::asio::io_context& io, const options& settings = {})
      : loop_watch(loop_hooks{[&io](probe p) { detail::asio::post(io, std::move(p)); }, [&io] { return io.stopped(); }},
                   settings, detail::slot_of(io, settings.activity_capacity)) {
    // Any timer makes the io_context wait for events in its reactor, which the watchdog recognizes as idle. An
    // io_context that has only ever been posted to waits on a futex, like a handler that is blocked on a mutex.
    detail::asio::steady_timer{io};
  }
};
