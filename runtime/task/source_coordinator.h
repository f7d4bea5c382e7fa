#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "millrace/io/channel.h"
#include "millrace/operators/source_api.h"

namespace millrace {

/// The coordinator of one source: asks its enumerator when a reader wants a split, and hands the splits over.
/// Control plane only; readers call it from their slots' threads.
class SourceCoordinator {
 public:
  SourceCoordinator(std::unique_ptr<SplitEnumerator> enumerator, int parallelism);

  /// The line of one reader; `waker` wakes its slot.
  SourceControl* reader(int subtask) { return &readers_[static_cast<std::size_t>(subtask)]; }
  void set_waker(int subtask, Waker* waker) {
    readers_[static_cast<std::size_t>(subtask)].waker = waker;
  }

 private:
  struct Reader final : SourceControl {
    void RequestSplit() override { coordinator->OnRequest(subtask); }
    bool TakeSplit(std::string* bytes) override;
    bool no_more_splits() override;

    SourceCoordinator* coordinator = nullptr;
    int subtask = 0;
    Waker* waker = nullptr;
    std::deque<std::string> assigned;  // guarded by the coordinator's mutex
    bool no_more = false;              // guarded by the coordinator's mutex
  };
  void OnRequest(int subtask);
  /// Warns when all readers have been told that there are no more splits, and none had one.
  void OnNoMore();

  std::mutex mutex_;
  std::unique_ptr<SplitEnumerator> enumerator_;
  std::deque<Reader> readers_;
  bool any_split_ = false;        // guarded by the mutex
  std::size_t done_readers_ = 0;  // guarded by the mutex
};

}  // namespace millrace
