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
  Look(now);
  if (now >= deadline_) {
    expired_ = true;
    return true;
  }
  rows_left_ = chunk_;
  begun_with_ = chunk_;
  return false;
}

void StepBudget::End(std::int64_t now) {
  const bool checked = longest_ > 0;
  if (!expired_) Look(now);
  if (checked && longest_ < nanos_ / 16) chunk_ = std::min(chunk_ * 2, kMaxChunk);
}

void StepBudget::Look(std::int64_t now) {
  const std::int64_t took = std::max<std::int64_t>(now - checked_, 1), wanted = nanos_ / 8;
  if (took > wanted * 2)
    chunk_ = std::clamp((begun_with_ - rows_left_) * wanted / took, kMinChunk, chunk_);
  longest_ = std::max(longest_, took);
  checked_ = now;
}

}  // namespace millrace
