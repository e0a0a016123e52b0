#include "uring_file.hpp"

#include <fcntl.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>

namespace loopscope::writers {
namespace {

namespace asio = boost::asio;

int duplicate(int descriptor) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw boost::system::system_error({errno, boost::system::system_category()}, "dup");
  return copy;
}

}  // namespace

void set_up_ring(asio::io_context& loop) {
  const asio::stream_file has_the_loop_make_it{loop};
}

uring_file::uring_file(asio::any_io_executor executor, int descriptor)
    : file_(std::move(executor), duplicate(descriptor)) {}

void uring_file::start(write_operation& operation) {
  waiting_.push(operation);
  if (current_ == nullptr) write_next();
}

void uring_file::cancel() {
  cancelled_ = true;
}

void uring_file::write_next() {
  current_ = &waiting_.pop();
  if (cancelled_) {
    asio::post(file_.get_executor(), [this] { on_written(asio::error::operation_aborted, 0); });
    return;
  }
  write_current();
}

void uring_file::write_current() {
  write_calls_.fetch_add(1, std::memory_order_relaxed);
  file_.async_write_some(asio::buffer(current_->data.data(), current_->data.size()),
                         [this](error_code error, std::size_t written) { on_written(error, written); });
}

void uring_file::on_written(error_code error, std::size_t written) {
  write_operation& operation = *current_;
  const bool interrupted = error == asio::error::interrupted;
  if (!error && written == 0 && !operation.data.empty()) error.assign(EIO, boost::system::system_category());
  if (!error) {
    operation.data = operation.data.subspan(written);
    position_ += written;
  }
  if (interrupted || (!error && !operation.data.empty())) {
    // Seen on Linux 6.18: a short write leaves the file's position where it was, and the rest would overwrite it.
    file_.seek(static_cast<std::int64_t>(position_), asio::file_base::seek_set, error);
    if (!error) return write_current();
  }
  // The operation's callback may start another one, or destroy this file after the last: decide first.
  current_ = nullptr;
  if (!waiting_.empty()) write_next();
  operation.on_complete(operation, error);
}

}  // namespace loopscope::writers
