#pragma once

#include <cstdint>

#include "millrace/io/batch.h"

namespace millrace {

/// What travels through a channel, in order.
struct Element {
  enum class Kind : std::uint8_t {
    kNone,
    kBatch,
    kWatermark,  // value: event time in milliseconds
    kIdle,       // this channel does not hold back the watermark until its next element
    kBarrier,    // value: checkpoint id
    kEnd,        // nothing follows
  };
  Kind kind = Kind::kNone;
  Batch* batch = nullptr;
  std::int64_t value = 0;
};

/// Wakes the thread that steps the task at the other end. Cheap when that thread is awake.
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void Wake() = 0;
};

/// The producer's end. Called by one thread. Batches that come back are the credits: `Take` returns
/// null when all are with the consumer. Push never fails: what does not fit waits on this side.
class OutputChannel {
 public:
  virtual ~OutputChannel() = default;
  /// A spare, empty batch; null without credit.
  virtual Batch* Take() = 0;
  /// A batch beyond the credit, for the rows that a step emits after the last credit went.
  virtual Batch* TakeOverdraft() = 0;
  /// True when a Take would succeed.
  virtual bool HasCredit() = 0;
  /// Hands over a batch with at least one row.
  virtual void Push(Batch* batch) = 0;
  /// Watermark, idle, barrier or end.
  virtual void PushControl(Element element) = 0;
  /// True when the consumer has read everything: it may be waiting for us.
  virtual bool ConsumerStarves() = 0;
  /// True when the consumer is a part of the same task, which reads a batch while it is pushed, or soon after.
  virtual bool WithinTask() const { return false; }
  /// True when the consumer runs on another core and hashes the keys itself: that costs less than hashes that cross.
  virtual bool LeavesHashes() const { return false; }
  /// Of a channel within the task: the texts of what the consumer has not read are copied, from wherever they are, into the
  /// arenas that their batches have pinned.
  virtual void OwnTexts() {}
};

/// The consumer's end. Called by one thread.
class InputChannel {
 public:
  virtual ~InputChannel() = default;
  /// The next element, or false when there is none yet.
  virtual bool Pop(Element* element) = 0;
  /// Gives a batch back to its producer.
  virtual void Return(Batch* batch) = 0;
  virtual bool HasInput() = 0;
  /// The newest checkpoint whose barrier stands in the channel, or has stood; 0: none. For barriers that overtake.
  virtual std::int64_t announced() const { return 0; }
};

}  // namespace millrace
