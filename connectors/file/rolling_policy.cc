#include "millrace/connectors/rolling_policy.h"

namespace millrace {

std::string RollingPolicy::Mistake() const {
  const auto wrong = [](const char* call, std::int64_t given, const char* unit) {
    return std::string(call) + ": " + std::to_string(given) + unit + ": it must be at least 1";
  };
  if (bytes <= 0) return wrong("RollAt", bytes, " bytes");
  if (after_millis <= 0) return wrong("RollAfter", after_millis, " ms");
  if (inactive_millis <= 0) return wrong("RollInactive", inactive_millis, " ms");
  return {};
}

}  // namespace millrace
