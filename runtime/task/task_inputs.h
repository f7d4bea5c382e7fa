#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "millrace/io/channel.h"
#include "millrace/operators/snapshot.h"
#include "runtime/task/barrier_aligner.h"
#include "runtime/task/in_flight.h"

namespace millrace {

/// A task's input channels, and what stands before them: elements that a barrier has overtaken, or that were overtaken in the
/// checkpoint that the task was restored from. The slot's thread.
class TaskInputs {
 public:
  TaskInputs() = default;
  ~TaskInputs();
  TaskInputs(const TaskInputs&) = delete;
  TaskInputs& operator=(const TaskInputs&) = delete;

  void Add(InputChannel* channel, int port, const InputChannelInfo& info) {
    inputs_.push_back({channel, port, info, false});
  }
  /// Who fills the hashes that a producer has left out: the operator that the channels lead to.
  using HashKeys = std::function<void(int port, Batch&)>;
  void SetHashKeys(HashKeys hash_keys) { hash_keys_ = std::move(hash_keys); }
  std::size_t size() const { return inputs_.size(); }
  bool empty() const { return inputs_.empty(); }
  int port(std::size_t channel) const { return inputs_[channel].port; }

  /// The next element of a channel that is not blocked, in turn; false when there is none. A batch that it gives is the one
  /// at hand until the next call.
  bool Pull(const BarrierAligner& aligner, std::size_t* channel, Element* element);
  /// Gives the batch at hand back.
  void Return(Batch* batch) { owner_->Return(batch); }

  // --- barriers that overtake (unaligned checkpoints)

  using Record = std::function<void(ByteWriter)>;

  /// The newest checkpoint whose barrier has come to one of the channels, read or not. 0: none.
  std::int64_t Announced() const;
  /// No barrier may overtake in this channel.
  bool in_order(std::size_t channel) const {
    return inputs_[channel].info.owner == InFlightOwner::kNone;
  }
  /// From now on `record` gets what stands before this checkpoint's barrier in each channel whose barrier was not read: the rest
  /// of the batch at hand, from its row `row` on (null: none is), then what waits.
  void BeginRecording(std::int64_t checkpoint, const BarrierAligner& aligner, const Batch* at_hand,
                      std::uint32_t row, Record record);
  /// Goes on with what has come. True when all barriers are there, or won't come: then it has ended.
  bool GoOnRecording();
  void StopRecording();
  /// The checkpoint that is being recorded; 0: none.
  std::int64_t recording() const { return recording_; }

  /// What a checkpoint has in flight for this subtask. It is processed before anything new. `batches` outlives this.
  Status Restore(const OperatorRestore& from, std::uint32_t subtask, std::uint32_t subtasks,
                 RestoredBatches* batches);

 private:
  struct Input {
    InputChannel* channel;
    int port;
    InputChannelInfo info;
    bool recorded;  // its barrier is still to come
  };
  struct Ahead {
    std::size_t channel;
    Element element;
    InputChannel* owner;  // of a batch
  };
  Status RestoreOne(std::size_t chain, const InFlightElement& element, const InFlightReader& reader,
                    RestoredBatches* batches);
  /// The channel's next element; a batch with all of its columns.
  bool Pop(const Input& input, Element* element);
  void RecordOne(std::size_t channel, const Element& element, std::uint32_t first);
  /// Reads a channel up to its barrier, as far as it has come.
  void Drain(std::size_t channel);

  HashKeys hash_keys_;
  std::vector<Input> inputs_;
  std::size_t next_ = 0;
  InputChannel* owner_ = nullptr;  // of the batch at hand
  std::size_t at_hand_ = 0;        // its channel
  std::deque<Ahead> ahead_;        // comes before what is in the channels
  std::int64_t recording_ = 0;
  Record record_;
};

}  // namespace millrace
