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
  const S& operator[](std::size_t i) const { return i == 0 ? first_ : (*more_)[i - 1]; }

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

template <class Acc>
struct ColumnCodec<SessionList<Acc>> {
  using AccCodec = ColumnCodec<Stored<Acc>>;
  static constexpr bool kExists = AccCodec::kExists;
  static constexpr bool kBulk = false;
  static void Encode(const SessionList<Acc>& sessions, ByteWriter& out) {
    out.PutCount(sessions.size());
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      const Session<Acc>& s = sessions[i];
      out.Put(s.start);
      out.Put(s.end);
      out.Put(s.queued);
      out.Put(static_cast<std::uint8_t>(s.fired));
      AccCodec::Encode(s.acc, out);
    }
  }
  static bool Decode(ByteReader& in, SessionList<Acc>& sessions) {
    while (!sessions.empty()) sessions.Remove(sessions.size() - 1);
    std::uint32_t count = 0;
    if (!in.GetCount(3 * sizeof(std::int64_t) + 1, &count)) return false;
    for (; count > 0; --count) {
      Session<Acc>& s = sessions.Add();
      std::uint8_t fired = 0;
      in.Get(&s.start);
      in.Get(&s.end);
      in.Get(&s.queued);
      if (!in.Get(&fired) || !AccCodec::Decode(in, s.acc)) return false;
      s.fired = fired != 0;
    }
    return true;
  }
};

namespace internal {
template <class Acc>
inline constexpr bool kHoldsElements<SessionList<Acc>> = kHoldsElements<Stored<Acc>>;
}  // namespace internal

}  // namespace millrace
