#pragma once

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/network/connection.h"
#include "runtime/network/remote_input.h"
#include "runtime/network/remote_output.h"

namespace millrace {

/// A worker's side of the channels between workers: one connection to each other worker, one thread for all of them.
///
/// First AddOutput and AddInput by whoever wires the tasks, then Start. The slots' threads end before the exchange does.
class Exchange {
 public:
  /// Called by the exchange's thread when a peer sends what is no frame of this job.
  using OnFailure = std::function<void(const Status&)>;

  /// `peers`: a connected stream socket to each worker of the job, by its number; -1 for this one. Owns them.
  Exchange(const std::vector<int>& peers, OnFailure on_failure);
  /// As Stop, unless it was called.
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  OutputChannel* AddOutput(int peer, const RemoteChannelOptions& options, Waker* producer);
  InputChannel* AddInput(int peer, const RemoteChannelOptions& options, Waker* consumer);
  void Start();
  /// Writes what has been sent, as long as its receivers are there, and ends the thread.
  void Stop();

 private:
  struct Peer;
  class Bell;
  void Run();
  /// What can be done without waiting. True when everything that was sent is written.
  bool Turn();
  void WaitForSockets(bool for_news);

  const OnFailure on_failure_;
  std::unique_ptr<Bell> bell_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<pollfd> polled_;  // the bell, then connections
  std::vector<Peer*> of_;       // whose they are
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace millrace
