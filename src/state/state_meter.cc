#include "millrace/state/state_meter.h"

#include <algorithm>

namespace millrace {

void StateMeter::Set(std::int64_t bytes) {
  if (memory_ != nullptr && bytes != charged_) memory_->Charge(MemoryUse::kState, bytes - charged_);
  charged_ = bytes;
}

void StateMeter::Settle() {
  Set(std::max<std::int64_t>(charged_ + unsettled_, 0));
  unsettled_ = 0;
  if (memory_ != nullptr && !memory_->HasRoom(0)) MeasureNow();
}

void StateMeter::LookAtProcess() {
  input_ = 0;
  // Between two looks a process takes memory for other things too: growth by a small part of the limit says nothing.
  const std::int64_t resident = ResidentBytes();
  // When little is left, what has shrunk matters too: a table must not fail for what is not there any more.
  const bool near = memory_->tight() && charged_ > memory_->limit() / 8;
  if (resident != 0 && resident <= resident_ + memory_->limit() / 32 && !near) return;
  resident_ = resident;
  MeasureNow();
}

void StateMeter::MeasureNow() {
  Set(static_cast<std::int64_t>(measure_()));
  unsettled_ = 0;
  if (memory_ != nullptr) memory_->RequireRoom(MemoryUse::kState, 0);
}

}  // namespace millrace
