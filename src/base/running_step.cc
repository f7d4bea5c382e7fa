#include "millrace/base/running_step.h"

namespace millrace::internal {

constinit thread_local RunningStep* running_step = nullptr;

}  // namespace millrace::internal
