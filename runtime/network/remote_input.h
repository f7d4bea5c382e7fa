#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "millrace/io/channel.h"
#include "millrace/io/channel/batch_decoder.h"
#include "millrace/io/channel/spsc_queue.h"
#include "runtime/network/connection.h"
#include "runtime/network/remote_channel.h"

namespace millrace {

/// The consumer's end of a channel from a task of another worker: frames wait here as they came, and are decoded when the
/// task pulls them. The producer's credits bound how many those are.
class RemoteInput final : public InputChannel {
 public:
  /// `consumer` wakes the slot of the consuming task. Both outlive it.
  RemoteInput(const RemoteChannelOptions& options, Connection* connection, Waker* consumer);
  ~RemoteInput() override;
  RemoteInput(const RemoteInput&) = delete;
  RemoteInput& operator=(const RemoteInput&) = delete;

  bool Pop(Element* element) override;
  void Return(Batch* batch) override { decoder_.Return(batch); }
  bool HasInput() override { return !queue_.empty(); }
  std::int64_t announced() const override { return announced_.load(std::memory_order_acquire); }

  // --- the connection's thread

  /// A buffer for the payload of the next frame.
  std::unique_ptr<ByteWriter> TakeBuffer();
  Status OnFrame(const FrameHeader& header, std::unique_ptr<ByteWriter> payload);

 private:
  struct Arrived {
    Element::Kind kind = Element::Kind::kNone;
    std::int64_t value = 0;
    ByteWriter* payload = nullptr;
  };
  void SendCredit();
  void Charge(std::int64_t bytes);

  const RemoteChannelOptions options_;
  Connection* const connection_;
  Waker* const consumer_;
  SpscQueue<Arrived> queue_;
  SpscQueue<ByteWriter*> spare_;
  Connection::Home no_home_;  // credits have no payload

  // Consumer's side.
  BatchDecoder decoder_;
  std::int64_t read_ = 0;
  std::int64_t credited_ = 0;

  // The connection's side.
  std::atomic<std::int64_t> announced_{0};  // read by the consumer
  std::int64_t arrived_ = 0;
  bool ended_ = false;
};

}  // namespace millrace
