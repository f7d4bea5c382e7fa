#pragma once

#include <functional>

#include "runtime/local/deployment.h"

namespace millrace {

/// What a supervisor watches over. From its thread.
class Supervised {
 public:
  virtual ~Supervised() = default;
  /// Ends it at the next step of each task.
  virtual void Cancel() = 0;
  /// Calls `look` with what is deployed now, which stays until that returns; not when nothing is.
  virtual void Look(const std::function<void(Deployment&)>& look) = 0;
};

}  // namespace millrace
