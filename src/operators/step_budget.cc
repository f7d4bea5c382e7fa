#include "millrace/operators/step_budget.h"

namespace millrace {
namespace {

constexpr std::int64_t kMinChunk = 64;
constexpr std::int64_t kMaxChunk = 1 << 16;

}  // namespace

bool StepBudget::Check() {
  if (clock_ == nullptr) {
    expired_ = true;
    return true;
  }
  const std::int64_t now = clock_->NowNanos();
  const std::int64_t took = std::max<std::int64_t>(now - checked_, 1);
  const std::int64_t wanted = nanos_ / 8;
  if (took < wanted / 2) chunk_ = std::min(chunk_ * 2, kMaxChunk);
  if (took > wanted * 2) chunk_ = std::max(chunk_ / 2, kMinChunk);
  checked_ = now;
  if (now >= deadline_) {
    expired_ = true;
    return true;
  }
  rows_left_ = chunk_;
  return false;
}

}  // namespace millrace
