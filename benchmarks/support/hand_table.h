#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

/// The hash table of the hand-written loops: int64 keys, linear probing, keys and values side by side, deletion by
/// shifting back. Nothing of the engine.
namespace by_hand {

template <class V>
class Table {
 public:
  explicit Table(std::size_t slots = 1024) { Resize(std::bit_ceil(slots)); }

  /// The key's value, made if it is not there.
  V& operator[](std::int64_t key) {
    if (used_ * 5 > cells_.size() * 3) Resize(cells_.size() * 2);
    std::size_t i = IndexOf(key);
    while (cells_[i].used) {
      if (cells_[i].key == key) return cells_[i].value;
      i = (i + 1) & mask_;
    }
    cells_[i].used = true;
    cells_[i].key = key;
    cells_[i].value = V{};
    ++used_;
    return cells_[i].value;
  }
  void Prefetch(std::int64_t key) const { __builtin_prefetch(&cells_[IndexOf(key)], 1); }
  void Erase(std::int64_t key) {
    std::size_t i = IndexOf(key);
    while (cells_[i].used && cells_[i].key != key) i = (i + 1) & mask_;
    if (cells_[i].used) EraseAt(i);
  }
  template <class F>
  void ForEach(F fn) {
    for (Cell& cell : cells_) {
      if (cell.used) fn(cell.key, cell.value);
    }
  }
  /// Erases the entries for which `fn(key, value)` is true.
  template <class F>
  void EraseIf(F fn) {
    for (std::size_t i = 0; i < cells_.size();) {
      if (cells_[i].used && fn(cells_[i].key, cells_[i].value)) {
        EraseAt(i);  // another may have moved here: look again
      } else {
        ++i;
      }
    }
  }
  void Clear() {
    for (Cell& cell : cells_) cell.used = false;
    used_ = 0;
  }
  std::size_t size() const { return used_; }

 private:
  struct Cell {
    std::int64_t key = 0;
    V value{};
    bool used = false;
  };
  std::size_t IndexOf(std::int64_t key) const {
    const auto product =
        static_cast<unsigned __int128>(static_cast<std::uint64_t>(key) * 0x9e3779b97f4a7c15ULL) *
        0xd1b54a32d192ed03ULL;
    return static_cast<std::size_t>(product >> 64 ^ product) & mask_;
  }
  void EraseAt(std::size_t hole) {
    --used_;
    for (std::size_t i = (hole + 1) & mask_; cells_[i].used; i = (i + 1) & mask_) {
      if (((i - IndexOf(cells_[i].key)) & mask_) < ((i - hole) & mask_)) continue;
      cells_[hole] = cells_[i];
      hole = i;
    }
    cells_[hole].used = false;
  }
  void Resize(std::size_t slots) {
    std::vector<Cell> old(slots);
    old.swap(cells_);
    mask_ = slots - 1;
    for (const Cell& cell : old) {
      if (!cell.used) continue;
      std::size_t i = IndexOf(cell.key);
      while (cells_[i].used) i = (i + 1) & mask_;
      cells_[i] = cell;
    }
  }

  std::vector<Cell> cells_;
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
};

}  // namespace by_hand
