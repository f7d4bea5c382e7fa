#pragma once

#include <cstdint>

#include "millrace/base/time.h"

namespace millrace {

/// The times [begin, end) of a pane, in milliseconds: one comparison a time.
class PaneSpan {
 public:
  PaneSpan(std::int64_t begin, std::int64_t end)
      : begin_(static_cast<std::uint64_t>(begin)),
        length_(static_cast<std::uint64_t>(end) - begin_) {}
  bool Has(std::int64_t time) const { return static_cast<std::uint64_t>(time) - begin_ < length_; }

 private:
  std::uint64_t begin_, length_;
};

/// Tumbling and sliding windows as data: [start, start + size) with start = offset + n * slide.
/// (Flink: TumblingEventTimeWindows, SlidingEventTimeWindows)
struct SliceWindows {
  Duration size{0};
  Duration slide{0};
  Duration offset{0};
  bool processing_time = false;
};

/// The arithmetic of windows made of panes: the time line is cut into panes of gcd(size, slide); a record goes
/// into one pane, a window is a run of panes. Pure; all times in milliseconds.
class SliceSchedule {
 public:
  explicit SliceSchedule(const SliceWindows& windows);

  std::int64_t pane() const { return pane_; }
  std::int64_t size() const { return size_; }
  std::int64_t slide() const { return slide_; }
  /// How many panes make a window.
  std::int64_t panes_per_window() const { return size_ / pane_; }

  std::int64_t PaneStart(std::int64_t time) const {
    return EventTime::FloorDiv(time - offset_, pane_) * pane_ + offset_;
  }
  /// The smallest and the largest end of a window that contains a pane. Without any (slide > size, the pane
  /// stands in a gap) last < first.
  std::int64_t FirstEnd(std::int64_t pane_start) const;
  std::int64_t LastEnd(std::int64_t pane_start) const;
  /// The smallest window end that is greater than `time`.
  std::int64_t NextEnd(std::int64_t time) const;

 private:
  std::int64_t size_;
  std::int64_t slide_;
  std::int64_t offset_;
  std::int64_t pane_;
};

}  // namespace millrace
