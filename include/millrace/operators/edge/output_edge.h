#pragma once

#include <cstdint>
#include <vector>

#include "millrace/base/arena.h"
#include "millrace/base/memory.h"
#include "millrace/base/time.h"
#include "millrace/io/channel.h"
#include "millrace/operators/counters.h"

namespace millrace {

/// When open builders leave.
enum class FlushMode {
  kIfStarving,  // the consumer has nothing unread
  kAll,         // before parking, and before control that must not wait
};

/// One outgoing edge of one subtask: an open batch per target, written in place by `EdgeTail`.
///
/// Called by the task's thread only. A watermark is held per target until the target's open batch leaves:
/// it may come later than the records after it, never earlier than those before it.
class OutputEdge {
 public:
  /// The open builder of a target. `size == capacity` when there is none.
  struct Builder {
    std::byte* rows = nullptr;
    EventTime* times = nullptr;
    std::uint64_t* hashes = nullptr;
    std::uint32_t size = 0;
    std::uint32_t capacity = 0;
    std::uint64_t dynamic_bytes = 0;
    Batch* batch = nullptr;
  };

  /// `timed`: the channels' batches have a column of event times.
  OutputEdge(std::vector<OutputChannel*> targets, bool timed, Arena* arena,
             OperatorCounters* counters);
  ~OutputEdge();
  OutputEdge(const OutputEdge&) = delete;
  OutputEdge& operator=(const OutputEdge&) = delete;

  std::uint32_t targets() const { return static_cast<std::uint32_t>(builders_.size()); }
  Builder* builders() { return builders_.data(); }
  bool timed() const { return timed_; }
  bool LeavesHashes(std::uint32_t target) const { return channels_[target]->LeavesHashes(); }
  Arena& arena() { return *arena_; }
  /// A batch leaves before it is full when its rows' texts and elements are so long: channels are bounded in bytes.
  std::uint64_t max_dynamic_bytes() const { return max_dynamic_bytes_; }
  /// The job's memory: a record that is larger than all of it fails the job.
  void SetMemory(const MemoryAccount* memory, std::uint64_t max_dynamic_bytes) {
    memory_ = memory;
    max_dynamic_bytes_ = max_dynamic_bytes;
  }

  /// Sends the full builder of a target and opens the next batch, on overdraft if there is no credit.
  void MakeRoom(std::uint32_t target);

  /// True when a target has no credit left: stop after the rows at hand.
  bool Blocked() { return overdrawn_ && StillOverdrawn(); }

  void Flush(FlushMode mode);
  /// Rows may be written with texts that belong to somebody else, until `EndLent`.
  bool MayLend() const { return targets() == 1 && channels_[0]->WithinTask(); }
  /// Those texts go: the consumer reads what it has room for, and owns the rest.
  void EndLent();
  /// Takes batches back that consumers have returned: they pin the arena.
  void CollectReturned();
  void EmitWatermark(EventTime watermark);
  void EmitIdle();
  void EmitBarrier(std::int64_t checkpoint);
  void EmitEnd();
  /// True when nothing waits on this side.
  bool Empty() const;

 private:
  struct Pending {
    EventTime watermark = EventTime::Min();
    bool has_watermark = false;
    bool overdrawn = false;
  };
  bool StillOverdrawn();
  void Send(std::uint32_t target);
  void SendWatermark(std::uint32_t target);

  std::vector<Builder> builders_;
  std::vector<Pending> pending_;
  std::vector<OutputChannel*> channels_;
  bool timed_;
  Arena* arena_;
  OperatorCounters* counters_;
  const MemoryAccount* memory_ = nullptr;
  std::uint64_t max_dynamic_bytes_ = 256 * 1024;
  bool overdrawn_ = false;
};

}  // namespace millrace
