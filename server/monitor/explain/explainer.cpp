#include "explainer.hpp"
#include "symbolizer.hpp"
namespace loopscope::monitor {
std::shared_ptr<explainer> explainer::shared() { return std::make_shared<explainer>(); }
std::shared_ptr<explanation_job> explainer::submit(explain_request r, std::function<void()>) {
  auto j = std::make_shared<explanation_job>();
  if (r.captured) j->e.stack = symbolizer(r.source_root).blocking_frames(*r.captured); else j->e.no_stack_reason = "asleep";
  return j;
}
}
