#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include "server/monitor/detect/watched_thread.hpp"
#include "server/monitor/stall_record.hpp"
#include "stack_sampler.hpp"
#include "writers/system/proc_file.hpp"
namespace loopscope::monitor {
struct explain_request { watched_thread thread = {}; std::optional<system::syscall_line> asleep_in = {}; std::optional<raw_stack> captured = {}; std::string source_root = {}; };
struct explanation { std::vector<stack_frame> stack; std::string no_stack_reason; bool moved = false; std::optional<blocked_call> call; std::optional<lock_kind> lock; std::optional<lock_holder> holder; std::vector<stack_frame> awaited_by; };
class explanation_job { public: bool done() const noexcept { return true; } explanation take() { return std::move(e); } explanation e; };
class explainer { public: static std::shared_ptr<explainer> shared(); std::shared_ptr<explanation_job> submit(explain_request, std::function<void()>); };
}
