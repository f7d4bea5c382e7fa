#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace millrace {

/// A vector in chunks: elements never move, growing never copies, and memory is kept when it is emptied.
template <class T>
class ChunkedVector {
 public:
  static constexpr std::uint32_t kChunk = 512;

  std::uint32_t size() const { return size_; }
  T& operator[](std::uint32_t i) { return chunks_[i / kChunk][i % kChunk]; }
  const T& operator[](std::uint32_t i) const { return chunks_[i / kChunk][i % kChunk]; }
  /// One more element; its value is what an older one left.
  T& Append() {
    if (size_ == chunks_.size() * kChunk) chunks_.push_back(std::make_unique<T[]>(kChunk));
    return (*this)[size_++];
  }
  void Clear() {
    // What a rare peak has taken is given back.
    if (chunks_.size() > 4 && size_ < chunks_.size() * (kChunk / 8))
      chunks_.resize(size_ / kChunk + 1);
    size_ = 0;
  }
  std::uint64_t allocated_bytes() const { return chunks_.size() * kChunk * sizeof(T); }

 private:
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::uint32_t size_ = 0;
};

}  // namespace millrace
