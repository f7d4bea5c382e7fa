#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "millrace/io/bytes.h"

namespace millrace {

/// Splits by the reader whose they are. In a checkpoint each has its reader: as many readers as then get their own back, for
/// watermarks in flight may say how far a reader's other splits have come; more or fewer of them are dealt all in turn.
class DealtSplits {
 public:
  /// In front of what Encode writes, with what its owner puts between. The first version of checkpoints had no readers, and never
  /// began with this number.
  static constexpr std::uint32_t kMark = UINT32_MAX;

  explicit DealtSplits(std::size_t readers) : by_reader_(readers) {}
  std::deque<std::string>& of(std::size_t reader) { return by_reader_[reader]; }

  /// Those that come next first.
  void Encode(ByteWriter& out) const;
  /// Instead of what there is. `marked`: as Encode has written it; else a count and the splits. False when it does not decode.
  bool Decode(ByteReader& in, bool marked);

 private:
  std::vector<std::deque<std::string>> by_reader_;
};

}  // namespace millrace
