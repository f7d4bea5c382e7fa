#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "millrace/base/inline.h"
#include "millrace/io/pieces.h"

namespace millrace {

namespace internal {
/// memcpy of a length that is not known before, but the same again and again: without a call, in pieces of which the last
/// overlaps.
MILLRACE_INLINE void CopyShort(char* to, const std::byte* from, std::size_t bytes) {
  const auto piece = [&]<std::size_t kBytes>(std::size_t at) __attribute__((always_inline)) {
    std::memcpy(to + at, from + at, kBytes);
  };
  if (bytes >= 16) {
    for (std::size_t at = 0; at + 16 < bytes; at += 16) piece.template operator()<16>(at);
    piece.template operator()<16>(bytes - 16);
  } else if (bytes >= 8) {
    piece.template operator()<8>(0);
    piece.template operator()<8>(bytes - 8);
  } else if (bytes >= 4) {
    piece.template operator()<4>(0);
    piece.template operator()<4>(bytes - 4);
  } else {
    for (std::size_t at = 0; at < bytes; ++at) piece.template operator()<1>(at);
  }
}
}  // namespace internal

/// Rows all of whose columns are plain bytes, in a snapshot: the same bytes there, a few runs of them per row, without
/// the gaps and without the columns that have no value. So one is copied without looking at its columns.
class RowImage {
 public:
  /// The layout's next column, whose encoding is these pieces of a row (none: it is something else). `presence` is 0, or
  /// where the word stands whose `bit` says whether it has a value.
  void AddColumn(const std::vector<Piece>& pieces, std::uint32_t presence = 0,
                 std::uint32_t bit = 0);
  /// Every column has pieces, and how long a row is can be seen from its begin.
  bool valid() const { return valid_; }
  /// Of the longest row, and of the shortest one.
  std::size_t max_bytes() const { return max_bytes_; }
  std::size_t min_bytes() const { return min_bytes_; }

  /// Writes a row to `to`, which has room for max_bytes(); behind its end.
  MILLRACE_INLINE char* Write(const std::byte* row, char* to) const {
    internal::CopyShort(to, row, head_.bytes);
    to += head_.bytes;
    for (const Run& run : tail_) {
      if (!HasValue(run, row + run.presence)) continue;
      internal::CopyShort(to, row + run.offset, run.bytes);
      to += run.bytes;
    }
    return to;
  }
  /// The length of the row that begins at `from` of `left` bytes; 0 when it does not end there.
  std::size_t Length(const char* from, std::size_t left) const {
    std::size_t bytes = head_.bytes;
    for (const Run& run : tail_) {
      // Presence words come before all that may not be there: they are where `Run` says.
      if (bytes > left) return 0;
      bytes += HasValue(run, from + run.presence_in_image) ? run.bytes : 0;
    }
    return bytes <= left ? bytes : 0;
  }
  /// Copies a row of known length back. Columns without a value stay as they are.
  void Read(const char* from, std::byte* row) const {
    std::memcpy(row, from, head_.bytes);
    from += head_.bytes;
    for (const Run& run : tail_) {
      if (!HasValue(run, row + run.presence)) continue;
      std::memcpy(row + run.offset, from, run.bytes);
      from += run.bytes;
    }
  }
  /// Copies the first column of a row back.
  void ReadKey(const char* from, std::byte* row) const {
    for (const Piece& piece : key_) {
      std::memcpy(row + piece.offset, from, piece.bytes);
      from += piece.bytes;
    }
  }

 private:
  struct Run {
    std::uint32_t offset = 0;
    std::uint32_t bytes = 0;
    std::uint32_t presence = 0;  // in the row; 0: it always has a value
    std::uint32_t presence_in_image = 0;
    std::uint32_t bit = 0;
  };
  template <class Byte>
  static bool HasValue(const Run& run, const Byte* presence) {
    if (run.presence == 0) return true;
    std::uint32_t bits = 0;
    std::memcpy(&bits, presence, sizeof(bits));
    return (bits & run.bit) != 0;
  }
  /// Where the word at `offset` of a row stands in every image; 0: in none, or not always in one place.
  std::uint32_t PlaceInImage(std::uint32_t offset) const;

  Run head_;  // from offset 0 on: what follows without a gap; a key may begin elsewhere
  std::vector<Run> tail_;
  std::vector<Piece> key_;
  std::size_t max_bytes_ = 0, min_bytes_ = 0;
  bool valid_ = true;
};

}  // namespace millrace
