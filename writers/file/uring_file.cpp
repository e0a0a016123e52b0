// SPDX-License-Identifier: MIT

#include "uring_file.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

namespace loopscope::writers {
namespace asio = boost::asio;

void set_up_ring(asio::io_context& loop) {
  const asio::random_access_file has_the_loop_make_it{loop};
}

uring_file::lane::~lane() {
  error_code ignored;
  file.release(ignored);
}

uring_file::uring_file(asio::any_io_executor executor, int descriptor)
    : executor_(std::move(executor)),
      descriptor_(descriptor),
      limiter_(asio::use_service<ring_limiter>(asio::query(executor_, asio::execution::context))) {
  idle_.push_back(&lanes_.emplace_back(executor_, descriptor_));
}

void uring_file::start(write_operation& operation) noexcept {
  const bool requested = !waiting_.empty();
  waiting_.push(operation);
  if (!requested) limiter_.request(*this);
}

void uring_file::cancel() noexcept {
  cancelled_ = true;
}

bool uring_file::begin_write() noexcept {
  lane& on = idle_lane();
  on.current = &waiting_.pop();
  on.offset = next_offset_;
  next_offset_ += on.current->data.size();
  if (cancelled_) {
    asio::post(executor_, [this, &on] { on_written(on, asio::error::operation_aborted, 0); });
  } else {
    write_current(on);
  }
  return !waiting_.empty();
}

uring_file::lane& uring_file::idle_lane() {
  if (idle_.empty()) return lanes_.emplace_back(executor_, descriptor_);
  lane& found = *idle_.back();
  idle_.pop_back();
  return found;
}

void uring_file::write_current(lane& on) {
  write_calls_.fetch_add(1, std::memory_order_relaxed);
  on.file.async_write_some_at(on.offset, asio::buffer(on.current->data.data(), on.current->data.size()),
                              [this, &on](error_code error, std::size_t written) { on_written(on, error, written); });
}

void uring_file::on_written(lane& on, error_code error, std::size_t written) noexcept {
  write_operation& operation = *on.current;
  if (error == asio::error::interrupted) return write_current(on);
  if (!error && written == 0 && !operation.data.empty()) error.assign(EIO, boost::system::system_category());
  if (!error) {
    operation.data = operation.data.subspan(written);
    on.offset += written;
    if (!operation.data.empty()) return write_current(on);
  }
  // The operation's callback may start another one, or destroy this file after the last: all else comes first.
  on.current = nullptr;
  idle_.push_back(&on);
  limiter_.done();
  operation.on_complete(operation, error);
}

}  // namespace loopscope::writers
