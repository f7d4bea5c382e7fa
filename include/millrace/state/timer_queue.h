#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace millrace {

/// An index over due times: (time, key hash) pairs, earliest first. It is an index, not the truth: the truth stands in
/// the keyed rows, and an entry whose row no longer wants it is dropped when it is due. So nothing is ever deleted
/// from the middle, and the queue can be rebuilt from the rows.
///
/// A radix queue: time moves forward, so an entry is put into the bucket of the highest hexadecimal digit in which it differs
/// from the time that has been reached, and is dealt out to lower digits' buckets as time comes closer: three or four times
/// where times are some seconds ahead. A push costs a few instructions and no comparison with other entries.
class TimerQueue {
 public:
  struct Entry {
    std::int64_t time = 0;
    std::uint64_t hash = 0;
  };

  void Push(std::int64_t time, std::uint64_t hash);

  /// The earliest entry whose time is at most `through`, if there is one.
  bool Pop(std::int64_t through, Entry* entry) {
    if (size_ == 0 || next_ > through) return false;
    return PopSlow(through, entry);
  }

  /// After a Pop: the hashes of up to `most` entries that became due with the one that it gave, and come next. Once; 0 else.
  std::uint32_t TakeComing(std::uint64_t* hashes, std::uint32_t most) {
    return coming_ ? TakeComingSlow(hashes, most) : 0;
  }

  /// A time that no entry is earlier than; INT64_MAX when empty. Exact unless entries were dropped.
  std::int64_t next() const { return next_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t allocated_bytes() const;

 private:
  static constexpr std::uint32_t kDigitBits = 4;
  static constexpr std::uint32_t kDigits = 1 << kDigitBits;
  static constexpr std::uint32_t kLevels = 64 / kDigitBits;

  /// In their order as numbers without a sign.
  static std::uint64_t Ordered(std::int64_t time) {
    return static_cast<std::uint64_t>(time) ^ std::uint64_t{1} << 63;
  }
  /// The buckets of the entries that differ from the time that has been reached in this digit, and in no higher one.
  struct Level {
    std::uint32_t filled = 0;  // a bit for each digit whose bucket has an entry
    std::vector<Entry> buckets[kDigits];
  };
  /// Entries of the time that has been reached are due.
  void Place(const Entry& entry);
  /// Where the earliest entries are that are not due. There are some.
  struct At {
    std::uint32_t level;
    std::uint32_t digit;
  };
  At Lowest() const {
    const auto level = static_cast<std::uint32_t>(std::countr_zero(filled_));
    return {level, static_cast<std::uint32_t>(std::countr_zero(levels_[level].filled))};
  }
  void PushPast(Entry entry);
  bool PopSlow(std::int64_t through, Entry* entry);
  std::uint32_t TakeComingSlow(std::uint64_t* hashes, std::uint32_t most);
  /// Makes the earliest entries stand in `due_`, if they are due.
  bool Advance(std::int64_t through);
  void FindNext();

  std::vector<Entry> due_;  // of the time that has been reached
  Level levels_[kLevels];
  std::uint32_t filled_ = 0;  // a bit for each level that has an entry
  std::vector<Entry> past_;   // a heap of what was pushed behind the time that has been reached
  std::int64_t reached_ = INT64_MIN;
  std::int64_t next_ = INT64_MAX;
  std::uint64_t size_ = 0;
  bool coming_ = false;  // `due_` was filled, and nobody has asked for what is in it
};

}  // namespace millrace
