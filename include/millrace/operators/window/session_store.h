#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "millrace/state/stored.h"

namespace millrace {

/// One session of a key: [start, end), where end is the last record's time plus the gap.
template <class Acc>
struct Session {
  std::int64_t start = 0;
  std::int64_t end = 0;
  /// The time of the index entry that stands for this session: at most end - 1, or its cleanup time once it has fired.
  std::int64_t queued = 0;
  bool fired = false;
  Stored<Acc> acc{};
};

/// The sessions of one key: a column of the keyed row. Nearly every key has one session at a time; it stands in place.
template <class Acc>
class SessionList {
 public:
  using S = Session<Acc>;

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::size_t held_bytes() const {
    std::size_t bytes = HeldBytes(first_.acc);
    if (more_ == nullptr) return bytes;
    bytes += sizeof(*more_) + more_->capacity() * sizeof(S);
    for (const S& s : *more_) bytes += HeldBytes(s.acc);
    return bytes;
  }
  S& operator[](std::size_t i) { return i == 0 ? first_ : (*more_)[i - 1]; }

  /// A session without records; its accumulator is what an older one left.
  S& Add() {
    if (count_++ == 0) return first_;
    if (more_ == nullptr) more_ = std::make_unique<std::vector<S>>();
    more_->emplace_back();
    return more_->back();
  }
  void Remove(std::size_t i) {
    if (i + 1 != count_) std::swap((*this)[i], (*this)[count_ - 1]);
    if (count_ > 1) more_->pop_back();
    if (--count_ <= 1) more_.reset();
  }

 private:
  std::uint32_t count_ = 0;
  S first_;
  std::unique_ptr<std::vector<S>> more_;
};

namespace internal {
template <class Acc>
inline constexpr bool kHoldsElements<SessionList<Acc>> = kHoldsElements<Stored<Acc>>;
}  // namespace internal

}  // namespace millrace
