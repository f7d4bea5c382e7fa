#pragma once

#include <mutex>
#include <string>

#include "millrace/base/status.h"

namespace google::protobuf {
class MessageLite;
}

namespace millrace {

/// Messages between a job's master and a worker, in order, over a stream socket: a length as u32, then the message.
/// Any thread sends; one thread reads.
class ControlLink {
 public:
  /// Owns the socket.
  explicit ControlLink(int fd) : fd_(fd) {}
  ~ControlLink();
  ControlLink(const ControlLink&) = delete;
  ControlLink& operator=(const ControlLink&) = delete;

  int fd() const { return fd_; }
  /// Sends as much as the socket takes; what is left goes with the next Send or Flush. What the other side no longer
  /// reads is dropped.
  void Send(const google::protobuf::MessageLite& message);
  /// As Send, and waits until the socket has taken all: for a side whose other one always reads.
  void SendAll(const google::protobuf::MessageLite& message);
  void Flush();
  /// The socket has not taken everything: Flush when it can be written.
  bool HasOutput();

  // --- the reading thread

  /// Reads what is there, without waiting. False when the other side is gone and nothing more comes.
  bool Receive();
  /// The next message that has come as a whole into `message`. False when there is none, or (then `error()` is set) what has
  /// come is none.
  bool Next(google::protobuf::MessageLite* message);
  const Status& error() const { return error_; }

 private:
  void FlushLocked(bool all);

  const int fd_;
  std::mutex mutex_;
  std::string output_;       // guarded by mutex_
  std::size_t flushed_ = 0;  // bytes of it; guarded by mutex_
  std::string input_;
  std::size_t read_ = 0;  // bytes of it
  Status error_;
};

}  // namespace millrace
