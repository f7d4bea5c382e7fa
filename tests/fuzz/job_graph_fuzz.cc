// Any bytes as a serialized plan: refused with a reason, or parsed to a plan that can be explained and that its own bytes
// give again.
#include <cstdlib>
#include <string_view>

#include "millrace/graph/explain.h"
#include "millrace/graph/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto plan =
      millrace::ParsePlan(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!plan.ok()) {
    if (plan.status().message().empty()) std::abort();
    return 0;
  }
  const std::string bytes = millrace::SerializePlan(plan.value());
  const auto back = millrace::ParsePlan(bytes);
  if (!back.ok() || millrace::SerializePlan(back.value()) != bytes) std::abort();
  return 0;
}
