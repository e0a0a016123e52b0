// SPDX-License-Identifier: MIT

#include "logger.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <mutex>
#include <semaphore>

#include "server/support/json_text.hpp"
#include "server/support/standard_streams.hpp"

namespace loopscope::app {
namespace {

// spdlog allocates all of them at the start, about 400 bytes each; 1024 of them took a third of the start time.
constexpr std::size_t queued_lines = 256;

/// Members as key=value. Text is quoted as in JSON, which escapes control characters.
std::string as_text(std::string_view event, const logger::fields& with) {
  std::string line{event};
  for (const auto& [key, value] : with.items()) line += " " + key + "=" + ascii_json_text(value);
  return line;
}

std::string as_json_members(std::string_view event, const logger::fields& with) {
  logger::fields members{{"event", event}};
  if (with.is_object()) members.update(with);
  const std::string text = ascii_json_text(members);
  return text.substr(1, text.size() - 2);
}

/// Writes to stderr and counts the lines that a full queue dropped or that could not be written. The next line that can
/// be written follows a warning with their number.
class stderr_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  stderr_sink(spdlog::details::thread_pool& queue, config::log_format format) : queue_(queue), format_(format) {}

  bool blocking_await_flush(std::chrono::milliseconds timeout) { return flushed_.try_acquire_for(timeout); }

 private:
  void sink_it_(const spdlog::details::log_msg& line) override {
    const std::size_t lost = failed_ + queue_.overrun_counter();
    if (lost > reported_ && write(loss(line, lost - reported_))) reported_ = lost;
    if (!write(formatted(line))) ++failed_;
  }
  void flush_() override { flushed_.release(); }

  std::string loss(const spdlog::details::log_msg& next, std::size_t lines) {
    static constexpr std::string_view event = "lines of the log were lost";
    const logger::fields with{{"lines", lines}};
    const std::string text = format_ == config::log_format::json ? as_json_members(event, with) : as_text(event, with);
    return formatted({next.time, {}, next.logger_name, spdlog::level::warn, text});
  }

  std::string formatted(const spdlog::details::log_msg& line) {
    spdlog::memory_buf_t buffer;
    formatter_->format(line, buffer);
    return {buffer.data(), buffer.size()};
  }

  bool write(std::string line) {
    if (torn_) line.insert(0, "\n");
    std::string_view rest = line;
    const bool written = !blocking_write_all(STDERR_FILENO, rest);
    if (rest.size() < line.size()) torn_ = !written;
    return written;
  }

  spdlog::details::thread_pool& queue_;
  config::log_format format_;
  std::counting_semaphore<> flushed_{0};
  std::size_t failed_ = 0;
  std::size_t reported_ = 0;
  bool torn_ = false;  ///< the last bytes written are the beginning of an incomplete line
};

}  // namespace

class logger::sink {
 public:
  sink(const std::string& level, config::log_format format)
      : json_(format == config::log_format::json),
        thread_(std::make_shared<spdlog::details::thread_pool>(queued_lines, 1)),
        stderr_(std::make_shared<stderr_sink>(*thread_, format)),
        logger_(std::make_shared<spdlog::async_logger>("loopscope", stderr_, thread_,
                                                       spdlog::async_overflow_policy::overrun_oldest)) {
    logger_->set_level(spdlog::level::from_str(level));
    logger_->set_pattern(json_ ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                               : "%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  }

  /// Joins the writing thread, which first writes all queued lines, before the objects that it uses are destroyed.
  ~sink() { thread_.reset(); }
  sink(const sink&) = delete;
  sink& operator=(const sink&) = delete;

  void write(spdlog::level::level_enum level, std::string_view event, const fields& with) {
    if (!logger_->should_log(level)) return;
    logger_->log(level, spdlog::string_view_t{json_ ? as_json_members(event, with) : as_text(event, with)});
  }

  bool blocking_drain(std::chrono::milliseconds timeout) {
    logger_->flush();
    return stderr_->blocking_await_flush(timeout);
  }

 private:
  bool json_;
  std::shared_ptr<spdlog::details::thread_pool> thread_;
  std::shared_ptr<stderr_sink> stderr_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

logger::logger(const std::string& level, config::log_format format) : sink_(std::make_unique<sink>(level, format)) {}
logger::~logger() = default;

void logger::debug(std::string_view event, const fields& with) {
  sink_->write(spdlog::level::debug, event, with);
}
void logger::info(std::string_view event, const fields& with) {
  sink_->write(spdlog::level::info, event, with);
}
void logger::warn(std::string_view event, const fields& with) {
  sink_->write(spdlog::level::warn, event, with);
}
void logger::error(std::string_view event, const fields& with) {
  sink_->write(spdlog::level::err, event, with);
}

bool logger::blocking_drain(std::chrono::milliseconds timeout) {
  return sink_->blocking_drain(timeout);
}

}  // namespace loopscope::app
