#include "runtime/network/exchange.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <string>
#include <unordered_map>

#include "millrace/base/check.h"
#include "src/base/fail_point.h"

namespace millrace {

/// Wakes the exchange's thread out of its poll; costs nothing while it is at work.
class Exchange::Bell final : public Waker {
 public:
  Bell() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    MILLRACE_CHECK(fd_ >= 0, "the exchange gets no eventfd");
  }
  ~Bell() override { close(fd_); }
  /// The listener: says that it is about to wait, and looks once more for what has come.
  void Prepare() {
    waiting_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  void Done() {
    waiting_.store(false, std::memory_order_relaxed);
    std::uint64_t count = 0;
    while (read(fd_, &count, sizeof(count)) > 0) {
    }
  }
  void Wake() override {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!waiting_.exchange(false, std::memory_order_relaxed)) return;
    const std::uint64_t one = 1;
    const ssize_t n = write(fd_, &one, sizeof(one));
    MILLRACE_CHECK(n == sizeof(one), "an eventfd refuses a write");
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
  std::atomic<bool> waiting_{false};
};

/// The channels of one connection.
struct Exchange::Peer final : FrameSink {
  Peer(int fd, Waker* io) : connection(fd, this, io) {}

  std::unique_ptr<ByteWriter> PayloadFor(const FrameHeader& header) override {
    const auto input = inputs.find(header.channel);
    return input == inputs.end() ? nullptr : input->second->TakeBuffer();
  }
  Status OnFrame(const FrameHeader& header, std::unique_ptr<ByteWriter> payload) override {
    MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kFrameReceive));
    if (header.kind == FrameKind::kCredit) {
      const auto output = outputs.find(header.channel);
      if (output != outputs.end() && output->second->OnCredit(header.value)) return Status::Ok();
      return Status::DataLoss("read a credit of channel " + std::to_string(header.channel) +
                              ": it was not given to anybody");
    }
    const auto input = inputs.find(header.channel);
    if (input != inputs.end()) return input->second->OnFrame(header, std::move(payload));
    return Status::DataLoss("read a frame: nobody waits for channel " +
                            std::to_string(header.channel));
  }

  std::unordered_map<std::uint32_t, std::unique_ptr<RemoteOutput>> outputs;
  std::unordered_map<std::uint32_t, std::unique_ptr<RemoteInput>> inputs;
  bool broken = false;    // it has sent what is no frame
  Connection connection;  // last: what it has not written goes back to the outputs
};

Exchange::Exchange(const std::vector<int>& peers, OnFailure on_failure)
    : on_failure_(std::move(on_failure)), bell_(std::make_unique<Bell>()) {
  for (const int fd : peers)
    peers_.push_back(fd < 0 ? nullptr : std::make_unique<Peer>(fd, bell_.get()));
}

Exchange::~Exchange() {
  Stop();
}

OutputChannel* Exchange::AddOutput(int peer, const RemoteChannelOptions& options, Waker* producer) {
  Peer& p = *peers_[static_cast<std::size_t>(peer)];
  auto& output = p.outputs[options.channel];
  output = std::make_unique<RemoteOutput>(options, &p.connection, producer);
  return output.get();
}

InputChannel* Exchange::AddInput(int peer, const RemoteChannelOptions& options, Waker* consumer) {
  Peer& p = *peers_[static_cast<std::size_t>(peer)];
  auto& input = p.inputs[options.channel];
  input = std::make_unique<RemoteInput>(options, &p.connection, consumer);
  return input.get();
}

void Exchange::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Exchange::Stop() {
  if (!thread_.joinable()) return;
  stop_.store(true);
  bell_->Wake();
  thread_.join();
}

void Exchange::Run() {
  for (;;) {
    const bool stop = stop_.load();  // before the look: what was sent before Stop is seen
    const bool written = Turn();
    if (stop && written) return;
    WaitForSockets(written);
  }
}

bool Exchange::Turn() {
  bool written = true;
  for (const auto& peer : peers_) {
    if (peer == nullptr || peer->connection.closed()) continue;
    Connection& connection = peer->connection;
    if (connection.HasNews() || connection.full()) connection.Write();
    written &= connection.closed() || !connection.full();
  }
  return written;
}

void Exchange::WaitForSockets(bool for_news) {
  polled_.assign(1, {bell_->fd(), POLLIN, 0});
  of_.assign(1, nullptr);
  for (const auto& peer : peers_) {
    if (peer == nullptr || peer->connection.closed() || peer->broken) continue;
    const bool full = peer->connection.full();
    polled_.push_back(
        {peer->connection.fd(), static_cast<short>(full ? POLLIN | POLLOUT : POLLIN), 0});
    of_.push_back(peer.get());
  }
  bell_->Prepare();
  bool news = stop_.load() && for_news;
  for (const auto& peer : peers_)
    news |= peer != nullptr && !peer->connection.closed() && peer->connection.HasNews();
  poll(polled_.data(), polled_.size(), news ? 0 : -1);
  bell_->Done();
  for (std::size_t i = 1; i < polled_.size(); ++i) {
    if ((polled_[i].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    const Status status = of_[i]->connection.Read();
    if (status.ok()) continue;
    of_[i]->broken = true;
    on_failure_(status);
  }
}

}  // namespace millrace
