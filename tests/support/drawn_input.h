#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/base/time.h"
#include "millrace/testing/harness.h"

namespace millrace::test_support {

/// A harness that can be given several records in one batch, as operators get them in a job.
template <class Harness>
struct Batched : Harness {
  using Harness::Harness;
  using Harness::PushRows;
};

/// What a test pushes into an operator that works by time: batches of records out of order, late and of several keys, a
/// watermark that crawls, stands and leaps, a clock that does the same, and the end. Each sequence has a temper of its own.
class DrawnInput {
 public:
  enum class Kind { kRecords, kWatermark, kClock, kEnd };
  struct Record {
    std::int64_t key = 0;
    std::int64_t time = 0;
  };
  struct Step {
    Kind kind = Kind::kEnd;
    std::vector<Record> records;  // of one batch
    std::int64_t to = 0;          // where the watermark or the clock goes
  };

  /// Times are drawn in units of `scale`, the length of a window; they are interesting down to `lateness` behind the
  /// watermark. `clock_share`: how often it is the clock that moves, and not the watermark.
  DrawnInput(Random* random, std::int64_t scale, std::int64_t lateness, std::int64_t clock,
             double clock_share)
      : random_(*random),
        scale_(scale),
        lateness_(lateness),
        clock_share_(clock_share),
        clock_(clock) {
    now_ = Begin();
    keys_ = random_.Chance(0.1) ? 70 : random_.Between(1, 5);
    behind_ = random_.Chance(0.2) ? 0 : random_.Between(1, 3 * scale_);
    lag_ = random_.Between(0, 2 * scale_);
    advances_ = random_.Chance(0.3) ? 0.03 : random_.Chance(0.5) ? 0.2 : 0.5;
    batches_ = random_.Chance(0.5) ? 0 : 0.3;
    left_ = 5 + static_cast<int>(random_.Uniform(50));
  }

  Step Next() {
    if (left_-- == 0) return {};
    Step step;
    if (!random_.Chance(advances_)) {
      step.kind = Kind::kRecords;
      for (std::int64_t n = BatchSize(); n > 0; --n) step.records.push_back(DrawRecord());
    } else if (random_.Chance(clock_share_)) {
      step.kind = Kind::kClock;
      step.to = clock_ += Distance();
    } else {
      step.kind = Kind::kWatermark;
      step.to = watermark_ = DrawWatermark();
    }
    return step;
  }
  std::int64_t clock() const { return clock_; }
  std::int64_t watermark() const { return watermark_; }  // INT64_MIN: none yet

 private:
  static constexpr std::int64_t kFirst = kMinTimestamp.millis();
  static constexpr std::int64_t kLast = kMaxTimestamp.millis();

  /// Around 1970, today, and the ends of the time line.
  std::int64_t Begin() {
    switch (random_.Uniform(10)) {
      case 0:
        return kFirst + random_.Between(0, 2 * scale_);
      case 1:
        return kLast - random_.Between(0, 100 * scale_);
      case 2:
      case 3:
        return 1700000000000 + random_.Between(0, scale_);
      case 4:
      case 5:
      case 6:
        return -random_.Between(0, 20 * scale_);
      default:
        return random_.Between(0, 100);
    }
  }
  std::int64_t BatchSize() {
    if (!random_.Chance(batches_)) return 1;
    return random_.Chance(0.03) ? random_.Between(60, 150) : random_.Between(2, 15);
  }
  Record DrawRecord() {
    now_ += random_.Chance(0.02)  ? random_.Between(0, 30 * scale_)
            : random_.Chance(0.1) ? random_.Between(0, 5 * scale_)
                                  : random_.Between(0, std::max<std::int64_t>(scale_ / 8, 2));
    std::int64_t time = now_;
    if (watermark_ != INT64_MIN && random_.Chance(0.1)) {
      time = watermark_ - (random_.Chance(0.5) ? 0 : lateness_) + random_.Between(-scale_, 2);
    } else if (random_.Chance(0.4)) {
      time -= random_.Between(0, behind_);
    }
    now_ = std::min(now_, kLast);
    return {random_.Between(1, keys_) - 3, std::clamp(time, kFirst, kLast)};
  }
  std::int64_t DrawWatermark() {
    if (random_.Chance(0.1)) return std::max(watermark_, now_ - lag_);  // often the same again
    std::int64_t to = now_ - random_.Between(-3, lag_);
    if (random_.Chance(0.08)) to += random_.Between(0, 30 * scale_);
    to = std::max(to, watermark_);
    if (random_.Chance(0.5)) now_ = std::clamp(to, now_, kLast);
    return to;
  }
  std::int64_t Distance() {
    if (random_.Chance(0.1)) return 0;
    return random_.Between(0, random_.Chance(0.1) ? 30 * scale_ : scale_);
  }

  Random& random_;
  const std::int64_t scale_, lateness_;
  const double clock_share_;
  std::int64_t now_ = 0, watermark_ = INT64_MIN, clock_;
  std::int64_t keys_ = 1, behind_ = 0, lag_ = 0;
  double advances_ = 0, batches_ = 0;
  int left_ = 0;
};

}  // namespace millrace::test_support
