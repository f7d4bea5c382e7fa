#include <algorithm>

#include "millrace/operators/window/sliding_store.h"

namespace millrace {
namespace {

bool Before(const SlotIndex::Place& a, const SlotIndex::Place& b) {
  return a.slot != b.slot ? a.slot < b.slot : a.entry < b.entry;
}

}  // namespace

void SlotIndex::Add(std::uint32_t slot, std::uint32_t entry) {
  places_.push_back({slot, entry});
}
void SlotIndex::Sort() {
  std::sort(places_.begin(), places_.end(), Before);
}
void SlotIndex::Clear() {
  places_.clear();
}
const SlotIndex::Place* SlotIndex::Find(std::uint32_t slot) const {
  const auto at = std::lower_bound(places_.begin(), places_.end(), Place{slot, 0}, Before);
  return at != places_.end() && at->slot == slot ? &*at : nullptr;
}
const SlotIndex::Place* SlotIndex::Next(const Place* at) const {
  const Place* next = at + 1;
  return next != places_.data() + places_.size() && next->slot == at->slot ? next : nullptr;
}

}  // namespace millrace
