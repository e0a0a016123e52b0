// SPDX-License-Identifier: MIT

// The monitor of an Asio program, for either Asio: loop_monitor.hpp includes this file for Boost.Asio and
// standalone_asio.hpp for standalone Asio, each inside a namespace whose detail::asio is its Asio. So this file has no
// #include and no #pragma once, and names of Asio are written asio:: in namespace detail and detail::asio:: outside.

namespace detail {

/// A context that can be destroyed before its monitor. The lock makes the end wait for a post in progress.
struct context_life {
  std::mutex mutex;
  bool over = false;
};

/// What a context keeps for its monitors: the activity slot, so that handlers may refer to it without owning it.
class context_service : public asio::execution_context::service {
 public:
  static inline asio::execution_context::id id;

  explicit context_service(asio::execution_context& owner, std::size_t capacity = 1024)
      : service(owner), activities_(std::make_shared<activity_slot>(capacity)) {}

  const std::shared_ptr<activity_slot>& activities() const noexcept { return activities_; }
  const std::shared_ptr<context_life>& life() const noexcept { return life_; }

 private:
  void shutdown() override {
    const std::lock_guard<std::mutex> lock(life_->mutex);
    life_->over = true;
  }

  std::shared_ptr<activity_slot> activities_;
  std::shared_ptr<context_life> life_ = std::make_shared<context_life>();
};

inline context_service& service_of(asio::execution_context& context, std::size_t capacity) {
  if (!asio::has_service<context_service>(context)) asio::make_service<context_service>(context, capacity);
  return asio::use_service<context_service>(context);
}

inline bool is_stopped(asio::io_context& context) {
  return context.stopped();
}
/// A pool does not say whether it was stopped. Its threads then end, which the monitor sees.
inline bool is_stopped(asio::thread_pool&) {
  return false;
}

#if defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT) || defined(ASIO_HAS_IO_URING_AS_DEFAULT)
inline std::optional<bool> owns_event_queue(asio::execution_context&, int) {
  return std::nullopt;  // without epoll
}
#else
/// Reads a private member of the reactor. Only an explicit instantiation may name one ([temp.spec]).
template <auto Member>
struct reactor_member {
  friend int epoll_descriptor(const asio::detail::reactor& of) { return of.*Member; }
};
int epoll_descriptor(const asio::detail::reactor& of);
template struct reactor_member<&asio::detail::reactor::epoll_fd_>;  // set once

inline std::optional<bool> owns_event_queue(asio::execution_context& context, int descriptor) {
  using asio::detail::reactor;
  if (!asio::has_service<reactor>(context)) return std::nullopt;
  return epoll_descriptor(asio::use_service<reactor>(context)) == descriptor;
}
#endif

template <class Context>
loop_hooks hooks_of(Context& context, std::size_t capacity) {
  const auto life = service_of(context, capacity).life();
  const auto& scheduler = asio::use_service<asio::detail::scheduler>(context);
  const auto begin = reinterpret_cast<std::uintptr_t>(&scheduler);
  loop_hooks out;
  out.post = [&context, life](probe p) {
    const std::lock_guard<std::mutex> lock(life->mutex);
    if (!life->over) asio::post(context, std::move(p));
  };
  // The thread that waits in the reactor runs the handlers of timers itself.
  out.post_to_waiting_thread = [&context, life](probe p) {
    const std::lock_guard<std::mutex> lock(life->mutex);
    if (life->over) return;
    const auto timer = std::make_shared<asio::steady_timer>(context, std::chrono::nanoseconds{0});
    timer->async_wait([timer, p = std::move(p)](const auto&) { p(); });
  };
  out.stopped = [&context, life] {
    const std::lock_guard<std::mutex> lock(life->mutex);
    return life->over || is_stopped(context);
  };
  out.scheduler = {begin, begin + sizeof scheduler};
  out.owns_event_queue = [&context, life](int descriptor) -> std::optional<bool> {
    const std::lock_guard<std::mutex> lock(life->mutex);
    if (life->over) return std::nullopt;
    return owns_event_queue(context, descriptor);
  };
  return out;
}

}  // namespace detail

/// Watches a strand of a loop; see loop_monitor::watch().
class strand_watch : public loop_watch {
 public:
  template <class Strand>
  strand_watch(const loop_watch& whole, const Strand& strand, const options& settings,
               std::shared_ptr<detail::context_life> life)
      : loop_watch(loop_hooks{[strand, life](probe p) {
                                const std::lock_guard<std::mutex> lock(life->mutex);
                                if (!life->over) detail::asio::post(strand, std::move(p));
                              },
                              [] { return false; }},
                   settings, whole) {}
};

/// Watches an io_context or a thread_pool: its lag, the stalls of its threads, their cause and their place in the code.
///
///     boost::asio::io_context io;
///     loopscope::monitor::loop_monitor monitor{io, {.name = "io-0", .on_stall = print}};
///     monitor.run();  // or io.run()
///
/// run() tells one long handler from many short ones, exactly. With io.run() the monitor learns which threads run the
/// loop from the probes that it posts, and tells handlers apart by evidence: on a loop with several threads it may take
/// a thread that computes for one that has much to do, and then says nothing. Before run() and after it there is no
/// stall. Cost to the loop: one posted handler per five deadlines when it is idle, one per ten milliseconds when it is
/// busy. Threads: see loop_watch. Lifetime: the context and the monitor may end in any order.
class loop_monitor : public loop_watch {
 public:
  explicit loop_monitor(detail::asio::io_context& io, const options& settings = {})
      : loop_watch(detail::hooks_of(io, settings.activity_capacity), settings,
                   detail::service_of(io, settings.activity_capacity).activities()),
        settings_(settings),
        service_(&detail::service_of(io, settings.activity_capacity)),
        io_(&io) {}
  explicit loop_monitor(detail::asio::thread_pool& pool, const options& settings = {})
      : loop_watch(detail::hooks_of(pool, settings.activity_capacity), settings,
                   detail::service_of(pool, settings.activity_capacity).activities()),
        settings_(settings),
        service_(&detail::service_of(pool, settings.activity_capacity)) {}

  /// Runs the io_context as its run() does, on the calling thread, and counts its handlers: their times are in
  /// snapshot::handlers. Not for a thread_pool, which runs itself. Returns the number of handlers. Throws what they
  /// throw.
  std::size_t run() {
    thread_seat seat(*this);
    seat.start_counting();
    std::size_t handlers = 0;
    while (run_one(seat)) {
      if (handlers != (std::numeric_limits<std::size_t>::max)()) ++handlers;
    }
    return handlers;
  }

  /// Watches a strand of this loop, with the same options but that name. A strand that is held up while threads of the
  /// loop are free has stalls of its own: snapshot() and recent_stalls() of the result, and on_stall. Cost: a handler
  /// posted through the strand per probe_interval. Lifetime: the result lives as long as the strand is watched, and
  /// ends before this monitor. It keeps a copy of the strand.
  template <class Strand>
  [[nodiscard]] std::unique_ptr<strand_watch> watch(const Strand& strand, std::string name) const {
    auto settings = settings_;
    settings.name = std::move(name);
    return std::make_unique<strand_watch>(*this, strand, settings, service_->life());
  }

 private:
  bool run_one(thread_seat& seat) {
    if (io_->poll_one() == 0) {
      if (io_->stopped()) return false;
      seat.before_wait();
      if (io_->run_one() == 0) return false;
    }
    seat.end_turn();
    return true;
  }

  options settings_;
  const detail::context_service* service_;
  detail::asio::io_context* io_ = nullptr;
};
