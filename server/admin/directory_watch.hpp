#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace loopscope::admin {

/// Looks once a second whether the data directory can be used, on a thread of its own.
///
/// On a network file system that is gone a look may take for ever; that is a failure too, and neither failure() nor
/// the destructor waits for it.
/// Threads: any. Lifetime: what `blocking_check` captures must not end with this object: a look that hangs outlives it.
class directory_watch {
 public:
  static constexpr std::chrono::milliseconds default_period{1000};
  static constexpr std::chrono::milliseconds default_patience{5000};

  /// `blocking_check` returns why the directory cannot be used, or nothing.
  explicit directory_watch(std::function<std::string()> blocking_check,
                           std::chrono::milliseconds period = default_period,
                           std::chrono::milliseconds patience = default_patience);
  ~directory_watch();
  directory_watch(const directory_watch&) = delete;
  directory_watch& operator=(const directory_watch&) = delete;

  /// Why the directory cannot be used; empty while it can.
  std::string failure() const;

 private:
  struct shared_state;
  static void run(shared_state& state);

  std::shared_ptr<shared_state> state_;
};

}  // namespace loopscope::admin
