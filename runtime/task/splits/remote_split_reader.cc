#include "runtime/task/splits/remote_split_reader.h"

#include <algorithm>
#include <utility>

namespace millrace {

RemoteSplitReader::RemoteSplitReader(int source, int subtask, std::int64_t restored,
                                     SplitCourier* courier, Waker* slot)
    : source_(source),
      subtask_(subtask),
      courier_(courier),
      slot_(slot),
      triggered_(restored),
      passed_(restored) {}

bool RemoteSplitReader::TakeSplit(std::string* bytes) {
  const std::lock_guard lock(mutex_);
  if (assigned_.empty() || assigned_.front().behind > passed_) return false;
  *bytes = std::move(assigned_.front().bytes);
  assigned_.pop_front();
  return true;
}

bool RemoteSplitReader::no_more_splits() {
  const std::lock_guard lock(mutex_);
  return no_more_ && assigned_.empty();
}

void RemoteSplitReader::OnBarrier(std::int64_t checkpoint) {
  const std::lock_guard lock(mutex_);
  passed_ = std::max(passed_, checkpoint);
}

void RemoteSplitReader::OnAssigned(std::vector<std::string> splits) {
  {
    const std::lock_guard lock(mutex_);
    for (std::string& split : splits) assigned_.push_back({std::move(split), triggered_});
  }
  slot_->Wake();
}

void RemoteSplitReader::OnNoMoreSplits() {
  {
    const std::lock_guard lock(mutex_);
    no_more_ = true;
  }
  slot_->Wake();
}

void RemoteSplitReader::OnTriggered(std::int64_t checkpoint) {
  const std::lock_guard lock(mutex_);
  triggered_ = std::max(triggered_, checkpoint);
}

void RemoteSplitReader::OnCheckpointEnded(std::int64_t checkpoint) {
  {
    const std::lock_guard lock(mutex_);
    passed_ = std::max(passed_, checkpoint);
  }
  slot_->Wake();
}

}  // namespace millrace
