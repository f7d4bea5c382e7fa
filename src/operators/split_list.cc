#include "millrace/operators/source_operator.h"

namespace millrace {

std::string SplitEnumerator::Snapshot() const {
  throw UserError("the source's enumerator has no Snapshot(): it can't take part in checkpoints");
}

bool SplitEnumerator::Restore(std::string_view) {
  throw UserError("the source's enumerator has no Restore(): it can't go on from a checkpoint");
}

namespace internal {

SplitList::SplitList() = default;

SplitList::~SplitList() {
  for (const SplitBase* split : splits_) delete split;
}

void SplitList::Add(SplitBase* split) {
  splits_.push_back(split);
}

void SplitList::Erase(std::size_t i) {
  delete splits_[i];
  splits_.erase(splits_.begin() + static_cast<std::ptrdiff_t>(i));
}

}  // namespace internal
}  // namespace millrace
