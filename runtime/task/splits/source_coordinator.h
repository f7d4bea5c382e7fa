#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/base/status.h"
#include "millrace/io/channel.h"
#include "millrace/operators/source/source_api.h"
#include "runtime/checkpoint/source_checkpoints.h"
#include "runtime/task/splits/split_courier.h"
#include "src/operators/dealt_splits.h"

namespace millrace {

/// The coordinator of one source: asks its enumerator when a reader wants a split, and hands the splits over.
/// Control plane only; readers call it from their slots' threads.
///
/// A checkpoint has every split once: with the reader that took it before its barrier, or here. So a reader takes none
/// between the coordinator's part of a checkpoint and its own. Readers in other workers see to that themselves
/// (remote_split_reader.h).
class SourceCoordinator final : public SourceCheckpoints {
 public:
  SourceCoordinator(std::unique_ptr<SplitEnumerator> enumerator, int parallelism);

  /// The line of one reader; `waker` wakes its slot.
  SourceControl* reader(int subtask) { return &readers_[static_cast<std::size_t>(subtask)]; }
  /// The reader of this subtask is in another worker; `source` is what the courier calls this one.
  void SetRemote(int subtask, int source, SplitCourier* courier);
  /// A reader asks for something to read.
  void OnRequest(int subtask);
  std::string BeginCheckpoint(std::int64_t checkpoint) override;
  void EndCheckpoint(std::int64_t checkpoint) override;
  Status Restore(std::string_view bytes) override;
  /// As new: all its readers have been stopped, and others take their places. Before Restore.
  void StartAgain(std::unique_ptr<SplitEnumerator> enumerator);
  /// Each subtask may go back alone.
  bool deals_ahead() const { return deals_ahead_; }
  /// The reader of this subtask was stopped, and another one takes its place: its splits are those of then. `bytes`: what
  /// BeginCheckpoint gave; nothing: what the subtask began with. Of one that deals ahead, when no checkpoint is under way.
  Status RestoreReader(int subtask, const std::optional<std::string>& bytes);
  void set_waker(int subtask, Waker* waker) {
    readers_[static_cast<std::size_t>(subtask)].waker = waker;
  }

 private:
  struct Reader final : SourceControl {
    void RequestSplit() override { coordinator->OnRequest(subtask); }
    bool TakeSplit(std::string* bytes) override;
    bool no_more_splits() override;
    bool answered() override;
    void OnBarrier(std::int64_t checkpoint) override;

    SourceCoordinator* coordinator = nullptr;
    int subtask = 0;
    Waker* waker = nullptr;
    int source = 0;                    // its number, for the courier
    SplitCourier* courier = nullptr;   // of a reader in another worker
    std::deque<std::string> assigned;  // guarded by the coordinator's mutex
    bool no_more = false;              // guarded by the coordinator's mutex
    std::int64_t barrier = 0;          // guarded by the coordinator's mutex
  };
  /// What a checkpoint has of it.
  struct Part {
    explicit Part(std::size_t readers) : waiting(readers) {}
    std::string_view enumerator;
    DealtSplits waiting;
  };
  static Status Decode(std::string_view bytes, Part* part);
  std::string Encoded() const;
  /// The reader's part of an open checkpoint is still to come.
  bool Closed(const Reader& reader) const;
  /// Hands over what is assigned. Under the mutex: nothing may come between it and a checkpoint.
  void SendToRemote(Reader& reader);
  /// Warns when all readers have been told that there are no more splits, and none had one.
  void OnNoMore();

  std::mutex mutex_;
  std::unique_ptr<SplitEnumerator> enumerator_;
  const bool deals_ahead_;
  std::string
      start_;  // of one that deals ahead: its part of a checkpoint before the first split was given out
  std::deque<Reader> readers_;
  std::set<std::int64_t> open_;   // checkpoints; guarded by the mutex
  bool any_split_ = false;        // guarded by the mutex
  std::size_t done_readers_ = 0;  // guarded by the mutex
};

}  // namespace millrace
