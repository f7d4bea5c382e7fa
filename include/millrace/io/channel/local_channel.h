#pragma once

#include <memory>
#include <vector>

#include "millrace/base/memory.h"
#include "millrace/io/channel.h"
#include "millrace/io/channel/batch_decoder.h"
#include "millrace/io/channel/batch_pool.h"
#include "millrace/io/channel/spsc_queue.h"

namespace millrace {

struct LocalChannelOptions {
  const BatchType* type = nullptr;
  BatchColumns columns;
  std::uint32_t batch_rows = kDefaultBatchRows;
  std::uint32_t credits = 8;  // batches of one channel
  bool serialized = false;    // every batch goes through the wire codec
  MemoryAccount* memory = nullptr;
  std::uint32_t batch_bytes = kBatchTargetBytes;  // of rows, about
  bool leaves_hashes = false;  // see OutputChannel::LeavesHashes; not with `serialized`
};

/// A channel between two tasks of one process: batches are handed over by pointer through a queue and
/// come back through another. With `serialized` the rows are encoded into a pooled buffer on one side and
/// decoded on the other, as between processes.
class LocalChannel final : public OutputChannel, public InputChannel {
 public:
  explicit LocalChannel(const LocalChannelOptions& options);
  ~LocalChannel() override;
  LocalChannel(const LocalChannel&) = delete;
  LocalChannel& operator=(const LocalChannel&) = delete;

  void set_consumer_waker(Waker* waker) { consumer_waker_ = waker; }
  void set_producer_waker(Waker* waker) { producer_waker_ = waker; }

  // Producer.
  Batch* Take() override;
  Batch* TakeOverdraft() override;
  bool HasCredit() override;
  void Push(Batch* batch) override;
  void PushControl(Element element) override;
  bool ConsumerStarves() override;
  bool LeavesHashes() const override { return options_.leaves_hashes; }

  // Consumer.
  bool Pop(Element* element) override;
  void Return(Batch* batch) override;
  bool HasInput() override;
  std::int64_t announced() const override { return announced_.load(std::memory_order_acquire); }

 private:
  struct Parcel {  // what stands in the queue
    Element element;
    ByteWriter* wire = nullptr;
  };
  struct Credit {  // what comes back
    Batch* batch = nullptr;
    ByteWriter* wire = nullptr;
  };

  void CollectReturns();
  void Send(const Parcel& parcel);
  void SendCredit(const Credit& credit);

  const LocalChannelOptions options_;
  Waker* consumer_waker_ = nullptr;
  Waker* producer_waker_ = nullptr;

  SpscQueue<Parcel> queue_;
  SpscQueue<Credit> returns_;

  // Producer's side.
  BatchPool pool_;
  std::vector<ByteWriter*> spare_wire_;
  std::uint32_t in_flight_ = 0;
  std::uint64_t collected_ = 0;  // credits that have come back
  bool waiting_ = false;         // the credits were used up; half of them must come back
  std::uint64_t next_sequence_ = 0;

  /// A producer that waits is woken when so many credits have come back in all: not for the first one, which lasts for one batch.
  std::atomic<std::uint64_t> resume_at_{0};

  std::atomic<std::int64_t> announced_{0};  // written by the producer, once a checkpoint

  // Consumer's side.
  std::uint64_t returned_ = 0;
  std::unique_ptr<BatchDecoder> decoder_;  // with `serialized`
};

}  // namespace millrace
