#include "runtime/workers/control_link.h"

#include <google/protobuf/message_lite.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "src/base/fail_point.h"

namespace millrace {
namespace {

constexpr std::uint32_t kMostBytes = std::uint32_t{256} << 20;

}  // namespace

ControlLink::~ControlLink() {
  close(fd_);
}

void ControlLink::Send(const google::protobuf::MessageLite& message) {
  DieAtFailPoint(FailPoint::kControlSend);
  const std::lock_guard lock(mutex_);
  const auto size = static_cast<std::uint32_t>(message.ByteSizeLong());
  output_.append(reinterpret_cast<const char*>(&size), sizeof(size));
  message.AppendToString(&output_);
  FlushLocked(false);
}

void ControlLink::SendAll(const google::protobuf::MessageLite& message) {
  Send(message);
  const std::lock_guard lock(mutex_);
  FlushLocked(true);
}

void ControlLink::Flush() {
  const std::lock_guard lock(mutex_);
  FlushLocked(false);
}

bool ControlLink::HasOutput() {
  const std::lock_guard lock(mutex_);
  return flushed_ < output_.size();
}

void ControlLink::FlushLocked(bool all) {
  while (flushed_ < output_.size()) {
    const ssize_t n = send(fd_, output_.data() + flushed_, output_.size() - flushed_,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
      flushed_ += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!all) return;
      pollfd room{fd_, POLLOUT, 0};
      poll(&room, 1, -1);
    } else if (errno != EINTR) {
      break;  // the other side is gone
    }
  }
  output_.clear();
  flushed_ = 0;
}

bool ControlLink::Receive() {
  char bytes[64 * 1024];
  for (;;) {
    const ssize_t n = recv(fd_, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (n > 0) {
      input_.append(bytes, static_cast<std::size_t>(n));
      if (static_cast<std::size_t>(n) < sizeof(bytes)) return true;
    } else if (n == 0) {
      return false;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return true;
    } else if (errno != EINTR) {
      return false;
    }
  }
}

bool ControlLink::Next(google::protobuf::MessageLite* message) {
  std::uint32_t size = 0;
  if (!error_.ok() || input_.size() - read_ < sizeof(size)) return false;
  std::memcpy(&size, input_.data() + read_, sizeof(size));
  if (size > kMostBytes) {
    error_ = Status::DataLoss("read a message between master and worker: it says that it has " +
                              std::to_string(size) + " bytes");
    return false;
  }
  if (input_.size() - read_ - sizeof(size) < size) {
    input_.erase(0, read_);
    read_ = 0;
    return false;
  }
  if (!message->ParseFromArray(input_.data() + read_ + sizeof(size), static_cast<int>(size))) {
    error_ = Status::DataLoss("read a message between master and worker: it does not parse");
    return false;
  }
  read_ += sizeof(size) + size;
  DieAtFailPoint(FailPoint::kControlReceive);
  return true;
}

}  // namespace millrace
