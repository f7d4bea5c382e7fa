#pragma once

#include <cstdint>

namespace millrace {

/// Time as the engine sees it. All of the engine's code reads time through this, so that a whole job can run
/// on a manual clock.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Monotonic, in nanoseconds from an arbitrary zero.
  virtual std::int64_t NowNanos() const = 0;
  /// Wall clock: milliseconds since 1970-01-01 UTC. Processing time.
  virtual std::int64_t WallMillis() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  std::int64_t NowNanos() const override;
  std::int64_t WallMillis() const override;
  static const SystemClock& Get();
};

/// A clock that moves when it is told to: both readings together, never back. One thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t wall_millis = 0) : wall_nanos_(wall_millis * 1000000) {}
  std::int64_t NowNanos() const override { return nanos_; }
  std::int64_t WallMillis() const override { return wall_nanos_ / 1000000; }
  void AdvanceNanos(std::int64_t nanos) {
    nanos_ += nanos;
    wall_nanos_ += nanos;
  }
  void AdvanceMillis(std::int64_t millis) { AdvanceNanos(millis * 1000000); }

 private:
  std::int64_t nanos_ = 0;
  std::int64_t wall_nanos_;
};

}  // namespace millrace
