#include "millrace/operators/source_operator.h"

namespace millrace::internal {

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

}  // namespace millrace::internal
