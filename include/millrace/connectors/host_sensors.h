#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/connectors/collection.h"
#include "millrace/connectors/static_splits.h"
#include "millrace/io/record.h"

namespace millrace {

/// One value of one sensor: `cpu0 busy %`, `memory available MB`, `load 1 min`, `net eth0 in KB/s`, `disk sda write KB/s`,
/// `temperature coretemp Core 0 C` ...
struct SensorReading {
  std::string sensor;
  EventTime time;  // when it was read, by the wall clock
  double value = 0;
};
MILLRACE_RECORD(SensorReading, sensor, time, value);

/// Reads /proc and /sys below `root`: use of each processor, load, memory, temperatures, network and disk rates. Rates are
/// differences to the last sample, so the first one has none of them. What this machine lacks or hides is left out.
class HostProbe {
 public:
  explicit HostProbe(std::string root = "");
  ~HostProbe();
  HostProbe(HostProbe&&) noexcept;
  std::vector<SensorReading> Sample(EventTime now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// This machine's sensors, sampled at an interval, until the job is cancelled, or for a while. One subtask reads.
///
///   env.FromSource("sensors", HostSensors(100ms).For(30s),
///                  WatermarkStrategy<SensorReading>::Monotonous().WithTimestamp(&SensorReading::time))
class HostSensors {
 public:
  using Record = SensorReading;
  using Split = RangeSplit;
  /// 1 ms to a day; else it is an error of the plan.
  explicit HostSensors(Duration interval) : interval_(interval) {}
  /// Ends after `time`, in samples of the interval; without it, never.
  HostSensors For(Duration time) const {
    HostSensors sensors = *this;
    sensors.time_ = time;
    return sensors;
  }

  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const;

  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const;

  class Reader {
   public:
    Reader(Split split, Duration interval, const Clock* clock)
        : split_(split),
          nanos_(interval.count() * 1000000),
          clock_(clock),
          next_(clock->NowNanos()) {}
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t) {
      if (split_.next >= split_.end) return PollResult::End();
      if (clock_->NowNanos() < next_) return PollResult::Waiting(next_);
      next_ += nanos_;
      ++split_.next;
      for (SensorReading& r : probe_.Sample(EventTime::FromMillis(clock_->WallMillis())))
        out.Emit(r, r.time);
      return PollResult::Waiting(next_);
    }
    Split Position() const { return split_; }

   private:
    Split split_;
    std::int64_t nanos_;
    const Clock* clock_;
    std::int64_t next_;
    HostProbe probe_;
  };
  Reader OpenSplit(const Split& split, const ReaderContext& context) const {
    return Reader(split, interval_, context.clock);
  }

 private:
  Duration interval_;
  std::optional<Duration> time_;
};

}  // namespace millrace
