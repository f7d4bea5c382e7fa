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
/// that points to elsewhere again. All but the first few come from there while others are being written: first the row, then
/// the one and the other.
class RowsUnderWay {
 public:
  RowsUnderWay(TableSnapshot* to, const RowLayout& layout) : to_(to), layout_(layout) {}

  void Add(const std::byte* row) {
    const std::size_t bytes = layout_.row_bytes();
    for (std::size_t at = 0; at < bytes + 63 && at < kFetched; at += 64) PrefetchAhead(row + at);
    rows_[count_++] = row;
    if (count_ == kStages * kStage) Advance();
  }
  /// Last, and before a row may change.
  void Write() {
    to_->AddRows(rows_, count_);
    count_ = 0;
  }

 private:
  static constexpr std::size_t kFetched = 512;  // bytes of a row; the rest comes by itself
  static constexpr std::uint32_t kTexts = 128;  // bytes behind those that a look-up fetches
  static constexpr std::uint32_t kStage = 16;   // rows that are written, or fetched, in one go
  static constexpr std::uint32_t kStages = 4;

  /// The oldest are written; of those behind them the one has come, or the other.
  void Advance() {
    for (const RowLayout::Pointer& column : layout_.pointers()) {
      FetchPointed(column, rows_ + 2 * kStage);
      FetchFurther(column, rows_ + kStage);
    }
    to_->AddRows(rows_, kStage);
    count_ -= kStage;
    std::copy_n(rows_ + kStage, count_, rows_);
  }
  static void FetchPointed(const RowLayout::Pointer& column, const std::byte* const* rows) {
    for (std::uint32_t i = 0; i < kStage; ++i) {
      const char* to = nullptr;
      std::memcpy(&to, rows[i] + column.offset, sizeof(to));
      for (std::uint32_t at = 0; at < column.bytes + kTexts; at += 64) PrefetchAhead(to + at);
    }
  }
  static void FetchFurther(const RowLayout::Pointer& column, const std::byte* const* rows) {
    if (column.fetch_further == nullptr) return;
    for (std::uint32_t i = 0; i < kStage; ++i) column.fetch_further(rows[i] + column.offset);
  }

  TableSnapshot* to_;
  const RowLayout& layout_;
  std::uint32_t count_ = 0;
  const std::byte* rows_[kStages * kStage];
};

}  // namespace millrace
