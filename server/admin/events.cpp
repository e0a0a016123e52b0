#include "endpoints.hpp"
#include "json_values.hpp"
#include "server/http/body_stream.hpp"
#include "server/http/problem.hpp"
#include "sse.hpp"

namespace loopscope::admin {
namespace {

using subscriber = event_feed::subscriber;

constexpr std::chrono::milliseconds reconnect_after{1000};
constexpr std::chrono::milliseconds heartbeat_after{5000};

http::response too_many(const event_feed& feed) {
  return http::to_response({.status = 503,
                            .detail = "The greatest number of subscribers is reached.",
                            .extensions = {{"limit", feed.max_subscribers()}}})
      .with("Retry-After", "5");
}

http::task<void> follow(http::body_stream& to, std::shared_ptr<subscriber> me) {
  const auto closing = to.closing();
  const std::stop_callback wake{closing, [me] { me->wake(); }};
  const std::string opening = sse::retry(reconnect_after);
  if (co_await to.write(opening)) co_return;
  const std::string heartbeat = sse::comment("no sample yet");
  while (!closing.stop_requested()) {
    const auto event = co_await me->next();
    if (closing.stop_requested()) co_return;
    if (co_await to.write(event ? event->text : heartbeat)) co_return;
  }
}

http::task<http::response> answer_events(std::shared_ptr<event_feed> feed) {
  auto me = feed->subscribe(heartbeat_after);
  if (!me) co_return too_many(*feed);
  http::response answer;
  answer.content_type = sse::content_type;
  answer.stream = [me = std::move(me)](http::body_stream& to) { return follow(to, me); };
  co_return std::move(answer).with("Cache-Control", "no-store").with("X-Accel-Buffering", "no");
}

}  // namespace

void add_events(http::router& to, std::shared_ptr<event_feed> feed) {
  to.add(http::verb::get, "/events", [feed = std::move(feed)](const http::request&) { return answer_events(feed); });
}

}  // namespace loopscope::admin
