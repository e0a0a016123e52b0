// SPDX-License-Identifier: MIT

#pragma once

#include <memory>
#include <mutex>

namespace loopscope::system {

/// The object of this type that all its users in the process share. It is made for the first of them and ends with the
/// last. What is static here is never destroyed: a user may outlive the static objects of the program.
template <class Type>
std::shared_ptr<Type> shared_instance() {
  struct holder {
    std::mutex mutex;
    std::weak_ptr<Type> instance;
  };
  static holder& shared = *new holder;
  const std::lock_guard lock(shared.mutex);
  auto out = shared.instance.lock();
  if (!out) shared.instance = out = std::make_shared<Type>();
  return out;
}

}  // namespace loopscope::system
