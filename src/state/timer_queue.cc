#include "millrace/state/timer_queue.h"

#include <algorithm>
#include <utility>

namespace millrace {
namespace {

bool Later(const TimerQueue::Entry& a, const TimerQueue::Entry& b) {
  return a.time > b.time;
}

}  // namespace

void TimerQueue::Push(std::int64_t time, std::uint64_t hash) {
  ++size_;
  if (time < reached_) {
    PushPast({time, hash});
    return;
  }
  Place({time, hash});
  if (time < next_) next_ = time;
}

void TimerQueue::Place(const Entry& entry) {
  const std::uint64_t differs = Ordered(entry.time) ^ Ordered(reached_);
  if (differs == 0) {
    due_.push_back(entry);
    return;
  }
  const auto highest = 63 - static_cast<std::uint32_t>(std::countl_zero(differs));
  const std::uint32_t level = highest / kDigitBits;
  const std::uint32_t digit = Ordered(entry.time) >> level * kDigitBits & (kDigits - 1);
  Level& l = levels_[level];
  l.buckets[digit].push_back(entry);
  l.filled |= std::uint32_t{1} << digit;
  filled_ |= std::uint32_t{1} << level;
}

void TimerQueue::PushPast(Entry entry) {
  past_.push_back(entry);
  std::push_heap(past_.begin(), past_.end(), Later);
  next_ = std::min(next_, entry.time);
}

bool TimerQueue::PopSlow(std::int64_t through, Entry* entry) {
  if (!past_.empty()) {  // all of them are earlier than what the buckets hold
    if (past_.front().time > through) return false;
    std::pop_heap(past_.begin(), past_.end(), Later);
    *entry = past_.back();
    past_.pop_back();
  } else {
    if (due_.empty() && !Advance(through)) return false;
    if (reached_ > through) return false;
    *entry = due_.back();
    due_.pop_back();
  }
  --size_;
  FindNext();
  return true;
}

std::uint32_t TimerQueue::TakeComingSlow(std::uint64_t* hashes, std::uint32_t most) {
  coming_ = false;
  const std::size_t count = std::min<std::size_t>(due_.size(), most);
  for (std::size_t i = 0; i < count; ++i) hashes[i] = due_[due_.size() - 1 - i].hash;
  return static_cast<std::uint32_t>(count);
}

bool TimerQueue::Advance(std::int64_t through) {
  if (filled_ == 0) return false;
  const At at = Lowest();
  Level& level = levels_[at.level];
  std::vector<Entry>& bucket = level.buckets[at.digit];
  const auto earliest = std::min_element(
      bucket.begin(), bucket.end(), [](const Entry& a, const Entry& b) { return a.time < b.time; });
  if (earliest->time > through) {
    next_ = earliest->time;
    return false;
  }
  reached_ = earliest->time;
  level.filled &= ~(std::uint32_t{1} << at.digit);
  if (level.filled == 0) filled_ &= ~(std::uint32_t{1} << at.level);
  if (at.level == 0) {  // all of that time
    due_.swap(bucket);
  } else {  // every entry shares this digit and the higher ones with the new time: it goes to a lower level
    for (const Entry& e : bucket) Place(e);
  }
  // A bucket that was large once does not keep its memory for ever.
  if (bucket.capacity() > 4096) {
    std::vector<Entry>().swap(bucket);
  } else {
    bucket.clear();
  }
  coming_ = true;
  return true;
}

void TimerQueue::FindNext() {
  if (size_ == 0) {
    next_ = INT64_MAX;
  } else if (!past_.empty()) {
    next_ = past_.front().time;
  } else if (!due_.empty()) {
    next_ = reached_;
  } else {
    const At at = Lowest();
    const std::vector<Entry>& bucket = levels_[at.level].buckets[at.digit];
    // The exact minimum costs a walk over the bucket: done once, when it is asked to give something.
    std::int64_t earliest = INT64_MAX;
    if (bucket.size() <= 16) {
      for (const Entry& e : bucket) earliest = std::min(earliest, e.time);
    } else {  // the lowest time that the bucket can hold
      const std::uint32_t shift = at.level * kDigitBits;
      const std::uint64_t higher =
          at.level + 1 == kLevels ? 0 : Ordered(reached_) >> shift >> kDigitBits << kDigitBits;
      const std::uint64_t least = (higher | at.digit) << shift;
      earliest = static_cast<std::int64_t>(least ^ std::uint64_t{1} << 63);
    }
    next_ = earliest;
  }
}

std::uint64_t TimerQueue::allocated_bytes() const {
  std::uint64_t entries = past_.capacity() + due_.capacity();
  for (const Level& level : levels_) {
    for (const auto& bucket : level.buckets) entries += bucket.capacity();
  }
  return entries * sizeof(Entry);
}

}  // namespace millrace
