#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "millrace/io/bytes.h"
#include "millrace/state/row_layout.h"

namespace millrace {

/// The due times of one key, without duplicates: a column of the keyed row, and the truth about its timers. One time
/// stands in place, more are kept in order beside.
class DueTimes {
 public:
  bool empty() const { return first_ == 0; }
  std::size_t size() const { return empty() ? 0 : 1 + (more_ == nullptr ? 0 : more_->size()); }
  std::size_t held_bytes() const {
    return more_ == nullptr ? 0 : sizeof(*more_) + more_->capacity() * sizeof(std::int64_t);
  }
  bool Contains(std::int64_t time) const {
    time = Usable(time);
    if (!empty() && first() == time) return true;
    return more_ != nullptr && ContainsMore(time);
  }
  /// Calls `visit(time)` for each, in no order.
  template <class Visit>
  void ForEach(Visit visit) const {
    if (!empty()) visit(first());
    if (more_ == nullptr) return;
    for (const std::int64_t time : *more_) visit(time);
  }
  /// False when it is there already.
  bool Insert(std::int64_t time) {
    time = Usable(time);
    if (empty()) {
      set_first(time);
      return true;
    }
    if (first() == time) return false;
    return InsertMore(time);
  }
  /// False when it is not there.
  bool Erase(std::int64_t time) {
    time = Usable(time);
    if (empty()) return false;
    if (first() != time || more_ != nullptr) return EraseMore(time);
    first_ = 0;
    return true;
  }
  void Clear() {
    first_ = 0;
    more_.reset();
  }
  /// For snapshots: u32 count, then the times.
  void EncodeTo(ByteWriter& out) const;
  bool DecodeFrom(ByteReader& in);

 private:
  static constexpr std::int64_t kNone = INT64_MIN;
  static std::int64_t Usable(std::int64_t time) { return time == kNone ? kNone + 1 : time; }
  std::int64_t first() const { return first_ ^ kNone; }
  void set_first(std::int64_t time) { first_ = time ^ kNone; }
  bool ContainsMore(std::int64_t time) const;
  bool InsertMore(std::int64_t time);
  bool EraseMore(std::int64_t time);

  std::int64_t first_ = 0;  // a time, with kNone as zero: rows of zeroes are as they should be
  std::unique_ptr<std::vector<std::int64_t>> more_;
};

template <>
inline constexpr bool kMovesAsBytes<DueTimes> = true;
namespace internal {
/// A row that is erased keeps no vector for the next key.
template <>
inline constexpr bool kHoldsElements<DueTimes> = true;
}  // namespace internal

template <>
struct ColumnCodec<DueTimes> {
  static constexpr bool kExists = true;
  static constexpr bool kBulk = false;
  static void Encode(const DueTimes& times, ByteWriter& out) { times.EncodeTo(out); }
  static bool Decode(ByteReader& in, DueTimes& times) { return times.DecodeFrom(in); }
};

}  // namespace millrace
