#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/connectors/collection.h"

namespace millrace {

/// Records made by a function of their index: `T fn(std::int64_t index)`. Bounded or endless, flat out or at a
/// constant rate; split i of n makes the indices i, i + n, ... (Flink: DataGeneratorSource)
///
///   millrace::Generate([](std::int64_t i) { return Reading{i % 10, 20.0 + i % 7}; }).Count(1000000)
///
/// With a rate, `fn` may also take the time at which the record is due, in nanoseconds of the clock:
/// `T fn(index, due_nanos)`.
template <class F>
class GeneratorSource {
 public:
  static constexpr bool kTakesDue = std::is_invocable_v<const F&, std::int64_t, std::int64_t>;
  static auto Call(const F& fn, std::int64_t index, std::int64_t due) {
    if constexpr (kTakesDue) {
      return fn(index, due);
    } else {
      return fn(index);
    }
  }
  using Record = decltype(Call(std::declval<const F&>(), 0, 0));
  using Split = RangeSplit;

  explicit GeneratorSource(F fn) : fn_(std::move(fn)) {}
  /// Ends after `count` records; without it, never.
  GeneratorSource Count(std::int64_t count) && {
    count_ = std::min(count, INT64_MAX / 2);
    return std::move(*this);
  }
  /// Records per second, over all splits together.
  GeneratorSource Rate(double per_second) && {
    rate_ = per_second;
    paced_ = true;
    return std::move(*this);
  }
  /// How many splits share the indices; default one per subtask.
  GeneratorSource Splits(int splits) && {
    splits_ = splits;
    return std::move(*this);
  }
  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const {
    if (count_ < 0)
      return "Count(" + std::to_string(count_) + "): a number of records is 0 or more";
    if (splits_.has_value() && (*splits_ < 1 || *splits_ > kMostSplits)) {
      return "Splits(" + std::to_string(*splits_) + "): allowed are 1 to " +
             std::to_string(kMostSplits);
    }
    if (paced_ && !(rate_ >= kLowestRate && rate_ <= kHighestRate)) {
      return "Rate(" + std::to_string(rate_) +
             "): a rate is 0.000001 to 1000000000 records a second";
    }
    return {};
  }

  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    const std::int64_t n = splits_.value_or(parallelism);
    std::vector<RangeSplit> splits;
    for (std::int64_t i = 0; i < n; ++i) splits.push_back({n, i, count_});
    return MakeStaticSplits(splits, parallelism);
  }

  class Reader {
   public:
    Reader(const GeneratorSource& source, RangeSplit split, const Clock* clock)
        : fn_(source.fn_), clock_(clock), rate_(source.rate_), split_(split) {
      if (rate_ > 0) start_ = clock->NowNanos() - Offset(split.next);
    }
    template <class Out>
    MILLRACE_INLINE PollResult Poll(Out& out, std::uint32_t max_rows) {
      const std::int64_t step = split_.index;  // indices i, i + n, ...
      std::int64_t next = split_.next;
      std::int64_t end = std::min(split_.end, next + static_cast<std::int64_t>(max_rows) * step);
      std::int64_t wake = 0;
      if (rate_ > 0) end = DueEnd(end, &wake);
      for (; next < end; next += step) out.Emit(GeneratorSource::Call(fn_, next, Due(next)));
      split_.next = next;
      if (next >= split_.end) return PollResult::End();
      return wake != 0 ? PollResult::Waiting(wake) : PollResult::More();
    }
    RangeSplit Position() const { return split_; }

   private:
    std::int64_t Offset(std::int64_t index) const {
      const double nanos = static_cast<double>(index) * (1e9 / rate_);
      return static_cast<std::int64_t>(std::min(nanos, 4e18));  // 127 years: never
    }
    std::int64_t Due(std::int64_t index) const { return rate_ > 0 ? start_ + Offset(index) : 0; }
    /// The end of the indices before `end` that are due now; when there are none before it any more, `*wake` is set. A paced
    /// source wakes per tick, not per record.
    [[gnu::noinline]] std::int64_t DueEnd(std::int64_t end, std::int64_t* wake) {
      const std::int64_t now = clock_->NowNanos();
      if (now < tick_) {  // its task was woken for something else
        *wake = tick_;
        return split_.next;
      }
      const std::int64_t step = split_.index;
      const auto elapsed = static_cast<double>(now - start_) * (rate_ / 1e9);
      std::int64_t due =
          elapsed < static_cast<double>(end) ? static_cast<std::int64_t>(elapsed) : end;
      due = std::clamp(split_.next + (due - split_.next) / step * step, split_.next, end);
      while (due < end && Due(due) <= now) due += step;  // rounding: a step at most
      if (due >= end) return end;
      tick_ = std::max(Due(due), now + kTickNanos);
      *wake = tick_;
      return due;
    }
    static constexpr std::int64_t kTickNanos = 250 * 1000;

    F fn_;
    const Clock* clock_;
    double rate_;
    RangeSplit split_;
    std::int64_t start_ = 0;
    std::int64_t tick_ = INT64_MIN;
  };
  Reader OpenSplit(const RangeSplit& split, const ReaderContext& context) const {
    return Reader(*this, split, context.clock);
  }

 private:
  static constexpr int kMostSplits = 1 << 20;
  static constexpr double kLowestRate = 1e-6;
  static constexpr double kHighestRate = 1e9;

  F fn_;
  std::int64_t count_ = INT64_MAX / 2;
  double rate_ = 0;
  bool paced_ = false;
  std::optional<int> splits_;
};

/// A source of `fn(0)`, `fn(1)`, ...; see GeneratorSource for its options. The due time is a reading of the job's clock, no time
/// of day.
template <class F>
GeneratorSource<F> Generate(F fn) {
  return GeneratorSource<F>(std::move(fn));
}

}  // namespace millrace
