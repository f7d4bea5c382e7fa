#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "millrace/base/status.h"
#include "millrace/io/bytes.h"
#include "millrace/io/channel.h"
#include "millrace/io/channel/spsc_queue.h"
#include "runtime/network/frame.h"
#include "runtime/network/frame_reader.h"

namespace millrace {

/// A stream socket to another worker, shared by the channels between the two. Any thread sends; one thread, the exchange's,
/// reads and writes the socket. When the other side is gone, what is sent is dropped: who watches over the workers knows.
class Connection {
 public:
  /// Where a payload's buffer goes when it has been written. The connection's thread pushes, the sender pops.
  using Home = SpscQueue<ByteWriter*>;

  /// Owns the socket `fd`. `sink` and `io` (which wakes the connection's thread) outlive it.
  Connection(int fd, FrameSink* sink, Waker* io);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Any thread. The payload (null: none) comes back through `home`.
  void Send(const FrameHeader& header, ByteWriter* payload, Home* home);

  // --- the connection's thread

  int fd() const { return fd_; }
  /// Something was sent since the last Write.
  bool HasNews() const { return news_.load(std::memory_order_acquire); }
  /// Writes until the socket takes no more, or there is no more.
  void Write();
  /// There is more than the socket took.
  bool full() const { return !sending_.empty(); }
  /// Reads what is there, for a few system calls. An error means that the other side sends no frames.
  Status Read();
  /// The other side is gone.
  bool closed() const { return closed_; }

 private:
  struct Outgoing {
    char header[kFrameHeaderBytes];
    ByteWriter* payload;
    Home* home;
    std::size_t bytes() const {
      return kFrameHeaderBytes + (payload == nullptr ? 0 : payload->size());
    }
  };
  /// The pieces of the next frames, from `written_` on.
  int Pieces(iovec* pieces) const;
  void OnWritten(std::size_t bytes);
  void Drop();
  static void GiveBack(const Outgoing& outgoing);

  const int fd_;
  Waker* const io_;
  FrameReader reader_;
  bool closed_ = false;
  bool deaf_ = false;  // the other side reads nothing any more

  std::mutex mutex_;
  std::vector<Outgoing> sent_;  // guarded by mutex_
  std::atomic<bool> news_{false};

  std::vector<Outgoing> taken_;
  std::deque<Outgoing> sending_;
  std::size_t written_ = 0;  // bytes of the first of them
};

}  // namespace millrace
