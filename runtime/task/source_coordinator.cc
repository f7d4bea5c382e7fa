#include "runtime/task/source_coordinator.h"

#include <utility>

#include "millrace/base/log.h"

namespace millrace {

SourceCoordinator::SourceCoordinator(std::unique_ptr<SplitEnumerator> enumerator, int parallelism)
    : enumerator_(std::move(enumerator)), readers_(static_cast<std::size_t>(parallelism)) {
  for (int i = 0; i < parallelism; ++i) {
    readers_[static_cast<std::size_t>(i)].coordinator = this;
    readers_[static_cast<std::size_t>(i)].subtask = i;
  }
}

void SourceCoordinator::OnRequest(int subtask) {
  Reader& reader = readers_[static_cast<std::size_t>(subtask)];
  {
    std::lock_guard lock(mutex_);
    bool no_more = false;
    for (std::string& split : enumerator_->Assign(subtask, &no_more)) {
      reader.assigned.push_back(std::move(split));
      any_split_ = true;
    }
    const bool told = std::exchange(reader.no_more, no_more && reader.assigned.empty());
    if (reader.no_more && !told) OnNoMore();
  }
  if (reader.waker != nullptr) reader.waker->Wake();
}

void SourceCoordinator::OnNoMore() {
  if (++done_readers_ < readers_.size() || any_split_) return;
  Log(kWarn, "the source's enumerator had no split for any subtask: nothing is read");
}

bool SourceCoordinator::Reader::TakeSplit(std::string* bytes) {
  std::lock_guard lock(coordinator->mutex_);
  if (assigned.empty()) return false;
  *bytes = std::move(assigned.front());
  assigned.pop_front();
  return true;
}

bool SourceCoordinator::Reader::no_more_splits() {
  std::lock_guard lock(coordinator->mutex_);
  return no_more && assigned.empty();
}

}  // namespace millrace
