#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "millrace/io/channel.h"
#include "millrace/operators/source/source_api.h"
#include "runtime/task/splits/split_courier.h"

namespace millrace {

/// A reader's line to its source's coordinator in another worker. The reader calls from its slot's thread, the courier delivers
/// from one of its own.
///
/// A checkpoint has every split once: the coordinator's part has those that it has not sent. What was sent before that part
/// arrives here before the checkpoint is triggered, and what was sent behind it afterwards; so a split that has come behind
/// a trigger is kept from the reader until the reader's own part is taken.
class RemoteSplitReader final : public SourceControl {
 public:
  /// `restored`: the last checkpoint before this run. `courier` and `slot` outlive it.
  RemoteSplitReader(int source, int subtask, std::int64_t restored, SplitCourier* courier,
                    Waker* slot);

  void RequestSplit() override;
  bool TakeSplit(std::string* bytes) override;
  bool no_more_splits() override;
  bool answered() override;
  void OnBarrier(std::int64_t checkpoint) override;

  // --- the courier's thread, in the order in which it was sent

  void OnAssigned(std::string split);
  void OnNoMoreSplits();
  void OnAnswered();
  /// Before the task hears of it.
  void OnTriggered(std::int64_t checkpoint);
  /// Complete, or given up.
  void OnCheckpointEnded(std::int64_t checkpoint);

 private:
  struct Split {
    std::string bytes;
    std::int64_t behind;  // the newest checkpoint that was triggered when it came
  };

  const int source_;
  const int subtask_;
  SplitCourier* const courier_;
  Waker* const slot_;
  std::mutex mutex_;
  std::deque<Split> assigned_;  // this and what follows: guarded by the mutex
  bool no_more_ = false;
  int asked_ = 0;  // requests without an answer
  std::int64_t triggered_;
  std::int64_t passed_;  // the newest checkpoint that the reader has taken part in, or never will
};

}  // namespace millrace
