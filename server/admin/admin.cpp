#include "admin.hpp"

#include "endpoints.hpp"

namespace loopscope::admin {

void add_routes(http::router& to, const sources& of, const event_sampler& sampler, std::shared_ptr<event_feed> feed) {
  add_index(to);
  add_livez(to);
  add_readyz(to, of);
  add_stalls(to, of);
  add_loop(to, of, sampler);
  add_runs(to, of);
  add_events(to, std::move(feed));
  add_metrics(to, of);
  add_info(to, of);
}

}  // namespace loopscope::admin
