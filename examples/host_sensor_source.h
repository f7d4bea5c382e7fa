#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/connectors/collection.h"
#include "millrace/connectors/static_splits.h"
#include "millrace/io/record.h"

namespace examples {

struct Reading {
  std::string sensor;
  std::int64_t time_ms = 0;
  double value = 0;
};
MILLRACE_RECORD(Reading, sensor, time_ms, value);

/// Reads /proc: processor use, load, memory, network and disk rates. Rates are differences to the last sample.
class HostProbe {
 public:
  std::vector<Reading> Sample(std::int64_t now_ms);

 private:
  double Rate(const std::string& name, double total, double seconds);
  std::vector<std::pair<std::string, double>> last_;
  std::int64_t last_ms_ = 0;
};

/// This machine's sensors at an interval, for a number of seconds.
class HostSensorSource {
 public:
  using Record = Reading;
  using Split = millrace::RangeSplit;
  HostSensorSource(millrace::Duration interval, double seconds) : interval_(interval), seconds_(seconds) {}

  std::unique_ptr<millrace::SplitEnumerator> CreateEnumerator(int parallelism) const {
    const auto samples = static_cast<std::int64_t>(seconds_ * 1000 / static_cast<double>(interval_.count()));
    return millrace::MakeStaticSplits<Split>({{0, 0, samples}}, parallelism);
  }

  class Reader {
   public:
    Reader(Split split, millrace::Duration interval, const millrace::Clock* clock)
        : split_(split), interval_(interval), clock_(clock), next_(clock->NowNanos()) {}
    template <class Out>
    millrace::PollResult Poll(Out& out, std::uint32_t) {
      if (split_.next >= split_.end) return millrace::PollResult::End();
      if (clock_->NowNanos() < next_) return millrace::PollResult::Waiting(next_);
      next_ += interval_.count() * 1000000;
      ++split_.next;
      for (Reading& r : probe_.Sample(clock_->WallMillis())) out.Emit(r);
      return millrace::PollResult::Waiting(next_);
    }
    Split Position() const { return split_; }

   private:
    Split split_;
    millrace::Duration interval_;
    const millrace::Clock* clock_;
    std::int64_t next_;
    HostProbe probe_;
  };
  Reader OpenSplit(const Split& split, const millrace::ReaderContext& context) const {
    return Reader(split, interval_, context.clock);
  }

 private:
  millrace::Duration interval_;
  double seconds_;
};

}  // namespace examples
