#include "runtime/network/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "src/base/fail_point.h"

namespace millrace {
namespace {

constexpr int kPieces = 64;
// A busy peer must not keep the others from being read.
constexpr int kReadsAtOnce = 8;

}  // namespace

Connection::Connection(int fd, FrameSink* sink, Waker* io) : fd_(fd), io_(io), reader_(sink) {}

Connection::~Connection() {
  Drop();
  close(fd_);
}

void Connection::Send(const FrameHeader& header, ByteWriter* payload, Home* home) {
  DieAtFailPoint(FailPoint::kFrameSend);
  Outgoing outgoing{{}, payload, home};
  WriteFrameHeader(header, payload == nullptr ? std::string_view() : payload->view(),
                   outgoing.header);
  {
    const std::lock_guard lock(mutex_);
    sent_.push_back(outgoing);
    news_.store(true, std::memory_order_release);
  }
  io_->Wake();
}

void Connection::Write() {
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(sent_);
    news_.store(false, std::memory_order_relaxed);
  }
  sending_.insert(sending_.end(), taken_.begin(), taken_.end());
  taken_.clear();
  while (!sending_.empty() && !deaf_) {
    iovec pieces[kPieces];
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = static_cast<std::size_t>(Pieces(pieces));
    const ssize_t n = sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      OnWritten(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    } else if (errno != EINTR) {
      deaf_ = true;  // what it has sent before it went is still to be read
    }
  }
  if (deaf_) Drop();
}

int Connection::Pieces(iovec* pieces) const {
  int count = 0;
  std::size_t skip = written_;
  for (const Outgoing& o : sending_) {
    if (count + 2 > kPieces) break;
    if (skip < kFrameHeaderBytes) {
      pieces[count++] = {const_cast<char*>(o.header) + skip, kFrameHeaderBytes - skip};
      skip = kFrameHeaderBytes;
    }
    if (o.payload != nullptr) {
      const std::size_t from = skip - kFrameHeaderBytes;
      pieces[count++] = {o.payload->data() + from, o.payload->size() - from};
    }
    skip = 0;
  }
  return count;
}

void Connection::OnWritten(std::size_t bytes) {
  written_ += bytes;
  while (!sending_.empty() && written_ >= sending_.front().bytes()) {
    written_ -= sending_.front().bytes();
    GiveBack(sending_.front());
    sending_.pop_front();
  }
}

void Connection::GiveBack(const Outgoing& outgoing) {
  if (outgoing.payload != nullptr) outgoing.home->Push(outgoing.payload);
}

void Connection::Drop() {
  for (const Outgoing& o : sending_) GiveBack(o);
  sending_.clear();
  written_ = 0;
  const std::lock_guard lock(mutex_);
  for (const Outgoing& o : sent_) GiveBack(o);
  sent_.clear();
}

Status Connection::Read() {
  for (int i = 0; i < kReadsAtOnce && !closed_; ++i) {
    const std::span<char> room = reader_.Room();
    const ssize_t n = recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
    if (n > 0) {
      MILLRACE_RETURN_IF_ERROR(reader_.OnBytes(static_cast<std::size_t>(n)));
      if (static_cast<std::size_t>(n) < room.size()) break;
    } else if (n == 0) {
      closed_ = true;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR) {
      closed_ = true;
    }
  }
  return Status::Ok();
}

}  // namespace millrace
