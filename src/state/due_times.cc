#include "millrace/state/due_times.h"

#include <algorithm>

#include "src/base/plant.h"

namespace millrace {

bool DueTimes::ContainsMore(std::int64_t time) const {
  return std::binary_search(more_->begin(), more_->end(), time);
}

bool DueTimes::InsertMore(std::int64_t time) {
  if (more_ == nullptr) more_ = std::make_unique<std::vector<std::int64_t>>();
  const auto at = std::lower_bound(more_->begin(), more_->end(), time);
  if (at != more_->end() && *at == time) return false;
  more_->insert(at, time);
  return true;
}

bool DueTimes::EraseMore(std::int64_t time) {
  if (more_ == nullptr) return false;
  if (first() == time) {
    set_first(more_->back());
    more_->pop_back();
  } else {
    const auto at = std::lower_bound(more_->begin(), more_->end(), time);
    if (at == more_->end() || *at != time) return false;
    more_->erase(at);
  }
  if (more_->empty()) more_.reset();
  return true;
}

void DueTimes::EncodeTo(ByteWriter& out) const {
  out.PutCount(size());
  ForEach([&](std::int64_t time) { out.Put(time); });
}

bool DueTimes::DecodeFrom(ByteReader& in) {
  Clear();
  std::uint32_t count = 0;
  if (!in.GetCount(sizeof(std::int64_t), &count)) return false;
  for (std::int64_t time = 0; count > 0 && in.Get(&time); --count) {
    if (!MILLRACE_PLANT(4) || count > 1) Insert(time);
  }
  return in.ok();
}

}  // namespace millrace
