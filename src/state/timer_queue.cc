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
  const std::uint32_t bucket = BucketOf(time);
  buckets_[bucket].push_back({time, hash});
  if (bucket < lowest_) lowest_ = bucket;
  if (time < next_) next_ = time;
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
    if (buckets_[0].empty() && !Advance(through)) return false;
    if (reached_ > through) return false;
    *entry = buckets_[0].back();
    buckets_[0].pop_back();
  }
  --size_;
  FindNext();
  return true;
}

std::uint32_t TimerQueue::TakeComingSlow(std::uint64_t* hashes, std::uint32_t most) {
  coming_ = false;
  const std::vector<Entry>& due = buckets_[0];
  const std::size_t count = std::min<std::size_t>(due.size(), most);
  for (std::size_t i = 0; i < count; ++i) hashes[i] = due[due.size() - 1 - i].hash;
  return static_cast<std::uint32_t>(count);
}

bool TimerQueue::Advance(std::int64_t through) {
  while (lowest_ < kBuckets && buckets_[lowest_].empty()) ++lowest_;
  if (lowest_ == kBuckets) return false;
  std::vector<Entry>& bucket = buckets_[lowest_];
  const auto earliest = std::min_element(
      bucket.begin(), bucket.end(), [](const Entry& a, const Entry& b) { return a.time < b.time; });
  if (earliest->time > through) {
    next_ = earliest->time;
    return false;
  }
  reached_ = earliest->time;
  // Every entry shares its higher bits with the new time: it goes into a lower bucket.
  for (const Entry& e : bucket) buckets_[BucketOf(e.time)].push_back(e);
  // A bucket that was large once does not keep its memory for ever.
  if (bucket.capacity() > 4096) {
    std::vector<Entry>().swap(bucket);
  } else {
    bucket.clear();
  }
  lowest_ = 0;
  coming_ = true;
  return true;
}

void TimerQueue::FindNext() {
  if (size_ == 0) {
    next_ = INT64_MAX;
  } else if (!past_.empty()) {
    next_ = past_.front().time;
  } else if (!buckets_[0].empty()) {
    next_ = reached_;
  } else {
    while (buckets_[lowest_].empty()) ++lowest_;
    // The exact minimum costs a walk over the bucket: done once, when it is asked to give something.
    std::int64_t earliest = INT64_MAX;
    if (buckets_[lowest_].size() <= 16) {
      for (const Entry& e : buckets_[lowest_]) earliest = std::min(earliest, e.time);
    } else {
      // The lowest time the bucket can hold: the reached one with its highest differing bit set.
      const auto bit = std::uint64_t{1} << (lowest_ - 1);
      const auto base = (static_cast<std::uint64_t>(reached_) & ~(bit - 1)) ^ bit;
      earliest = static_cast<std::int64_t>(base);
    }
    next_ = earliest;
  }
}

std::uint64_t TimerQueue::allocated_bytes() const {
  std::uint64_t bytes = past_.capacity() * sizeof(Entry);
  for (const auto& bucket : buckets_) bytes += bucket.capacity() * sizeof(Entry);
  return bytes;
}

}  // namespace millrace
