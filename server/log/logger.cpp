#include "logger.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <semaphore>

namespace loopscope {
namespace {

// spdlog allocates them all at start, some 400 bytes each.
constexpr std::size_t queued_lines = 1024;

/// Members as key=value; text in JSON's own quoting, which escapes control characters.
std::string as_text(std::string_view event, const logger::fields& with) {
  std::string line{event};
  for (const auto& [key, value] : with.items())
    line += " " + key + "=" + value.dump(-1, ' ', true, logger::fields::error_handler_t::replace);
  return line;
}

std::string as_json_members(std::string_view event, const logger::fields& with) {
  logger::fields members{{"event", event}};
  if (with.is_object()) members.update(with);
  const std::string text = members.dump(-1, ' ', true, logger::fields::error_handler_t::replace);
  return text.substr(1, text.size() - 2);
}

/// stderr, and a word when everything before has been written.
class stderr_sink final : public spdlog::sinks::stderr_sink_mt {
 public:
  void flush() override {
    spdlog::sinks::stderr_sink_mt::flush();
    flushed_.release();
  }
  bool blocking_await_flush(std::chrono::milliseconds patience) { return flushed_.try_acquire_for(patience); }

 private:
  std::counting_semaphore<> flushed_{0};
};

}  // namespace

class logger::sink {
 public:
  sink(const std::string& level, log_format format)
      : json_(format == log_format::json),
        thread_(std::make_shared<spdlog::details::thread_pool>(queued_lines, 1)),
        logger_(std::make_shared<spdlog::async_logger>("loopscope", stderr_, thread_,
                                                       spdlog::async_overflow_policy::overrun_oldest)) {
    logger_->set_level(spdlog::level::from_str(level));
    logger_->set_pattern(json_ ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                               : "%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  }

  /// Joins the writing thread, which writes what waits, before anything that it uses goes.
  ~sink() { thread_.reset(); }
  sink(const sink&) = delete;
  sink& operator=(const sink&) = delete;

  void write(spdlog::level::level_enum level, std::string_view event, const fields& with) {
    if (!logger_->should_log(level)) return;
    logger_->log(level, spdlog::string_view_t{json_ ? as_json_members(event, with) : as_text(event, with)});
  }

  bool blocking_drain(std::chrono::milliseconds patience) {
    logger_->flush();
    return stderr_->blocking_await_flush(patience);
  }

 private:
  bool json_;
  std::shared_ptr<stderr_sink> stderr_ = std::make_shared<stderr_sink>();
  std::shared_ptr<spdlog::details::thread_pool> thread_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

logger::logger(const std::string& level, log_format format) : sink_(std::make_unique<sink>(level, format)) {}
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

bool logger::blocking_drain(std::chrono::milliseconds patience) {
  return sink_->blocking_drain(patience);
}

}  // namespace loopscope
