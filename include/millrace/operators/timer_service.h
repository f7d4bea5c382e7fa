#pragma once

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "millrace/base/time.h"
#include "millrace/state/due_times.h"
#include "millrace/state/keyed_state.h"
#include "millrace/state/timer_queue.h"

namespace millrace {

/// A registered timer of a key.
template <class K>
struct Timer {
  K key;
  EventTime time;
};

/// Looks at the timers of an operator with keys of type K, for tests.
template <class K>
class TimerView {
 public:
  virtual ~TimerView() = default;
  /// In the order of time; those of one time in no order.
  virtual std::vector<Timer<K>> Timers(TimeDomain domain) const = 0;
};

/// The timers of one operator in one time domain: due times in the keyed rows, and the index over them.
class TimerService {
 public:
  void Bind(std::uint32_t due_offset) {
    due_offset_ = due_offset;
    refusal_ = nullptr;
  }
  /// Nothing ever reaches a time of this service's clock, except the end of input. After Bind.
  void Refuse(const char* why) { refusal_ = why; }
  void Register(std::int64_t time, KeyContext& key) {
    if (refusal_ != nullptr) [[unlikely]]
      CheckRefused(time);
    if (!Due(key.Writable()).Insert(time)) return;
    queue_.Push(time, key.hash());
    ++pending_;
  }
  void Delete(std::int64_t time, KeyContext& key) {
    if (key.row() == nullptr || due_offset_ == 0) return;
    if (Due(key.Writable()).Erase(time)) --pending_;  // its entry in the index is dropped when due
  }
  void Fired(std::int64_t time, KeyContext& key) {
    if (Due(key.Writable()).Erase(time)) --pending_;
  }
  /// Puts the timers of a restored row into the index.
  void Restored(std::byte* row, std::uint64_t hash) {
    Due(row).ForEach([&](std::int64_t time) {
      queue_.Push(time, hash);
      ++pending_;
    });
  }
  /// Registered, not deleted, and not fired yet.
  std::uint64_t pending() const { return pending_; }
  DueTimes& Due(std::byte* row) const { return *reinterpret_cast<DueTimes*>(row + due_offset_); }
  TimerQueue& queue() { return queue_; }
  const TimerQueue& queue() const { return queue_; }

 private:
  void CheckRefused(std::int64_t time) const {
    if (due_offset_ == 0 || time != EventTime::Max().millis()) throw std::logic_error(refusal_);
  }

  std::uint32_t due_offset_ = 0;  // 0: not bound (the key stands there)
  const char* refusal_ =
      "a timer was registered, but the function has no OnTimer(EventTime, Context&, Collector&)";
  TimerQueue queue_;
  std::uint64_t pending_ = 0;
};

}  // namespace millrace
