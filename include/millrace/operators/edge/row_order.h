#pragma once

#include <cstdint>

namespace millrace {

/// Which rows of a block go to which target, in their order.
struct RowOrder {
  static constexpr std::uint32_t kMostRows = 256;  // a row's index is a byte
  static constexpr std::uint32_t kMostTargets = 8;

  std::uint32_t counts[kMostTargets];
  std::uint8_t rows[kMostTargets][kMostRows + 8];  // written eight at a time
};

/// Orders `count` <= kMostRows rows by the owner of their hash's key group among `targets` <= kMostTargets.
void OrderByTarget(const std::uint64_t* hashes, std::uint32_t count, std::uint32_t targets,
                   RowOrder* order);

}  // namespace millrace
