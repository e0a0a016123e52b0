// SPDX-License-Identifier: MIT

// The executor of an activity, for either Asio: included inside a namespace as asio_monitor.hpp is, so it has no
// #include and no #pragma once.

namespace detail {

/// A handler that belongs to an activity.
template <class Function>
class attributed_function {
 public:
  template <class F>
  attributed_function(activity_slot& slot, std::uint64_t ticket, F&& f)
      : slot_(&slot), ticket_(ticket), function_(std::forward<F>(f)) {}

  void operator()() {
    struct restore {
      activity_slot& slot;
      std::uint64_t previous;
      ~restore() { slot.publish(previous); }
    };
    slot_->count_handler();
    const restore scope{*slot_, slot_->publish(ticket_)};
    std::move(function_)();
  }

 private:
  activity_slot* slot_;
  std::uint64_t ticket_;
  Function function_;
};

}  // namespace detail

/// An executor for the handlers of one activity: it publishes the activity while each of them runs (three relaxed
/// stores).
///
/// A coroutine spawned with it is attributed in each of its resumptions, whatever ran in between:
///
///     activity request{monitor.activities(), id, "GET /write", "method=sync"};
///     co_spawn(attributed_executor{io.get_executor(), *monitor.activities(), request}, serve(...), done);
///
/// The watchdog can distinguish handlers of different activities, and count them. Threads: as the inner executor, which
/// must be one of the watched loop. Lifetime: refers to the slot, which lives as long as the io_context, and to the
/// activity's record. Once the activity is destroyed, its handlers name no request.
template <class Inner>
class attributed_executor {
 public:
  attributed_executor(Inner inner, activity_slot& slot, const activity& current) noexcept
      : attributed_executor(std::move(inner), &slot, current.ticket()) {}

  const Inner& inner() const noexcept { return inner_; }

  template <class Function>
  void execute(Function&& f) const {
    detail::submit(inner_,
                   detail::attributed_function<std::decay_t<Function>>(*slot_, ticket_, std::forward<Function>(f)));
  }

  template <class Property, std::enable_if_t<detail::asio::can_query<const Inner&, Property>::value, int> = 0>
  auto query(const Property& p) const noexcept(detail::asio::is_nothrow_query<const Inner&, Property>::value) ->
      typename detail::asio::query_result<const Inner&, Property>::type {
    return detail::asio::query(inner_, p);
  }

  template <class Property, std::enable_if_t<detail::asio::can_require<const Inner&, Property>::value, int> = 0>
  auto require(const Property& p) const {
    return rebind(detail::asio::require(inner_, p));
  }

  template <class Property, std::enable_if_t<detail::asio::can_prefer<const Inner&, Property>::value, int> = 0>
  auto prefer(const Property& p) const {
    return rebind(detail::asio::prefer(inner_, p));
  }

  friend bool operator==(const attributed_executor& a, const attributed_executor& b) noexcept {
    return a.inner_ == b.inner_ && a.slot_ == b.slot_ && a.ticket_ == b.ticket_;
  }
  friend bool operator!=(const attributed_executor& a, const attributed_executor& b) noexcept { return !(a == b); }

 private:
  template <class Other>
  friend class attributed_executor;

  attributed_executor(Inner inner, activity_slot* slot, std::uint64_t ticket) noexcept
      : inner_(std::move(inner)), slot_(slot), ticket_(ticket) {}

  template <class Other>
  auto rebind(Other&& other) const {
    return attributed_executor<std::decay_t<Other>>(std::forward<Other>(other), slot_, ticket_);
  }

  Inner inner_;
  activity_slot* slot_;
  std::uint64_t ticket_;
};
