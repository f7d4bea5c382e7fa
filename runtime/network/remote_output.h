#pragma once

#include <atomic>
#include <cstdint>

#include "millrace/io/channel.h"
#include "millrace/io/channel/batch_pool.h"
#include "runtime/network/connection.h"
#include "runtime/network/remote_channel.h"

namespace millrace {

/// The producer's end of a channel to a task of another worker: batches are encoded where they are made, into a pooled buffer
/// that the connection writes. Credits are the batches that the consumer has read.
class RemoteOutput final : public OutputChannel {
 public:
  /// `producer` wakes the slot of the producing task. Both outlive it.
  RemoteOutput(const RemoteChannelOptions& options, Connection* connection, Waker* producer);
  ~RemoteOutput() override;
  RemoteOutput(const RemoteOutput&) = delete;
  RemoteOutput& operator=(const RemoteOutput&) = delete;

  Batch* Take() override;
  Batch* TakeOverdraft() override { return pool_.Take(); }
  bool HasCredit() override;
  void Push(Batch* batch) override;
  void PushControl(Element element) override;
  bool ConsumerStarves() override { return under_way() == 0; }

  /// The connection's thread: the consumer has read so many batches in all. False when that can't be.
  bool OnCredit(std::int64_t read);

 private:
  std::uint64_t under_way() const { return pushed_ - read_.load(std::memory_order_acquire); }
  ByteWriter* TakeBuffer();
  void Send(FrameKind kind, std::int64_t value, ByteWriter* payload);

  const RemoteChannelOptions options_;
  Connection* const connection_;
  Waker* const producer_;
  BatchPool pool_;
  Connection::Home written_;  // buffers that the connection is done with
  std::uint64_t pushed_ = 0;
  bool waiting_ = false;  // the credits were used up; half of them must come back

  std::atomic<std::uint64_t> read_{0};
  /// A producer that waits is woken when so many have been read.
  std::atomic<std::uint64_t> resume_at_{0};
  std::atomic<std::uint64_t> sent_{0};  // pushed_, for the connection's thread
};

}  // namespace millrace
