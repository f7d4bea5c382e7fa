#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

namespace millrace {

/// Where the slots of one worker wait, their tasks being at their end, until those of all workers are: only then sinks may
/// publish what they wrote.
class CommitGate {
 public:
  /// `arrived`: called by the first slot that comes here, which the others have come to their end with.
  explicit CommitGate(std::function<void()> arrived) : arrived_(std::move(arrived)) {}

  void Await() {
    std::unique_lock lock(mutex_);
    if (arrived_ != nullptr) std::exchange(arrived_, nullptr)();
    opened_.wait(lock, [this] { return open_; });
  }
  /// Any thread; also when the job is ended otherwise.
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  std::function<void()> arrived_;  // guarded by mutex_; null when it was called
  bool open_ = false;              // guarded by mutex_
};

}  // namespace millrace
