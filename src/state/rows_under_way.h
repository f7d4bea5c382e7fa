#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "millrace/base/prefetch.h"
#include "millrace/state/row_layout.h"
#include "millrace/state/table_snapshot.h"

namespace millrace {

/// Rows on their way into a snapshot: those that are owed stand far apart in memory, what they point to elsewhere, and what
/// that points to elsewhere again. All but the first and the last few come from there while others are being written: first the
/// row, then the one and the other. They are written in the order in which they are added.
class RowsUnderWay {
 public:
  RowsUnderWay(TableSnapshot* to, const RowLayout& layout) : to_(to), layout_(layout) {}

  void Add(const std::byte* row) {
    const std::size_t bytes = layout_.row_bytes();
    for (std::size_t at = 0; at < bytes + 63 && at < kFetched; at += 64) PrefetchAhead(row + at);
    rows_[added_++ % kUnderWay] = row;
    if (added_ % kStage == 0) Advance();
  }
  /// Last: before a row may change.
  void Write() {
    while (written_ < added_) WriteStage();
  }

 private:
  static constexpr std::size_t kFetched = 512;  // bytes of a row; the rest comes by itself
  // Few at a time: the near caches wait for some sixteen lines at once, what is more than those holds up the writing.
  static constexpr std::uint32_t kStage = 8;
  // How many stages behind the newest row what it points to is fetched, what that points to, and it is written.
  static constexpr std::uint32_t kPointed = 3, kFurther = 5, kWritten = 6;
  static constexpr std::uint32_t kUnderWay = kStage * 8;
  static_assert(kWritten * kStage <= kUnderWay && (kUnderWay & (kUnderWay - 1)) == 0);

  void Advance() {
    for (const RowLayout::Pointer& column : layout_.pointers()) {
      if (added_ >= kPointed * kStage) FetchPointed(column, added_ - kPointed * kStage);
      if (added_ >= kFurther * kStage) FetchFurther(column, added_ - kFurther * kStage);
    }
    if (added_ == written_ + kWritten * kStage) WriteStage();
  }
  void WriteStage() {
    const std::uint64_t count = std::min<std::uint64_t>(kStage, added_ - written_);
    to_->AddRows(rows_ + written_ % kUnderWay, static_cast<std::uint32_t>(count));
    written_ += count;
  }
  void FetchPointed(const RowLayout::Pointer& column, std::uint64_t first) {
    for (std::uint64_t i = first; i < first + kStage; ++i) {
      std::uintptr_t to = 0;  // often null
      std::memcpy(&to, rows_[i % kUnderWay] + column.offset, sizeof(to));
      for (std::uint32_t at = 0; at < column.bytes + kFetchedTextBytes; at += 64)
        PrefetchAhead(reinterpret_cast<const void*>(to + at));
    }
  }
  void FetchFurther(const RowLayout::Pointer& column, std::uint64_t first) {
    if (column.fetch_further == nullptr) return;
    for (std::uint64_t i = first; i < first + kStage; ++i)
      column.fetch_further(rows_[i % kUnderWay] + column.offset);
  }

  TableSnapshot* to_;
  const RowLayout& layout_;
  std::uint64_t added_ = 0, written_ = 0;
  const std::byte* rows_[kUnderWay];
};

}  // namespace millrace
