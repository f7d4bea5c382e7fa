#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "millrace/base/time.h"
#include "millrace/state/row_layout.h"
#include "millrace/state/timer_queue.h"
#include "millrace/state/ttl.h"

namespace millrace {

class StateMeter;
class StateTable;
struct RowRef;

/// What is known of a state with a time to live besides its column. Null functions: it lives for ever.
struct ExpiryOps {
  Ttl ttl{Duration(0)};
  /// The stamp of what is to be taken out next, of a column that has a value.
  std::int64_t (*next)(const std::byte* at) = nullptr;
  /// Takes out what has expired by `now`, of large values a part only; true when no value is left. `freed`: bytes.
  bool (*clean)(std::byte* at, const Ttl& ttl, std::int64_t now, std::int64_t* freed) = nullptr;
};

/// When a row is to be looked at for what has expired: a column of the row, for each clock. It is derived from the stamps, so
/// snapshots don't have it.
struct ExpiryDue {
  static constexpr std::int64_t kNone = INT64_MAX;
  std::int64_t at = kNone;
};
template <>
struct ColumnCodec<ExpiryDue> {
  static constexpr bool kExists = true;
  static constexpr bool kBulk = false;
  static void Encode(const ExpiryDue&, ByteWriter&) {}
  static bool Decode(ByteReader&, ExpiryDue& due) {
    due = {};
    return true;
  }
};

/// The states with a time to live of one operator's subtask: the times that expiry goes by, and which row is due next. As with
/// timers the rows hold the truth, and the queue over (time, key hash) is an index; a row has one entry in it, for the
/// earliest that it has. So clean-up is work in proportion to what expires, done between records, a few rows at a time.
class StateExpiry {
 public:
  // --- when the operator opens

  void Add(const ExpiryOps& ops, std::uint32_t offset, std::uint32_t bit);
  bool any() const { return !states_.empty(); }
  /// Adds the columns that it needs; `presence` is the word that says which states have a value.
  void Bind(std::uint32_t presence, RowLayout* layout);
  /// `record` is the time of the record or timer at hand, wherever that stands. Outlives this.
  void FollowRecords(const EventTime* record) { record_ = record; }
  void OnRestored(std::byte* row, std::uint64_t hash);

  // --- time

  void SetProcessingTime(std::int64_t millis) { processing_ = millis; }
  /// All timers through it have fired.
  void SetWatermark(EventTime watermark) {
    if (watermark != EventTime::Max()) watermark_ = watermark;  // the end of the input is no time
  }
  std::int64_t Now(TimeDomain domain) const {
    if (domain == TimeDomain::kProcessingTime) return processing_;
    const EventTime record = *record_ == EventTime::Max() ? watermark_ : *record_;
    return (record < watermark_ ? watermark_ : record).millis();
  }

  // --- the index

  void OnInsert(std::byte* row);
  /// A value of the row expires at `at`.
  void Note(std::byte* row, std::uint64_t hash, TimeDomain domain, std::int64_t at) {
    ExpiryDue& due = Due(row, domain);
    if (at >= due.at) return;
    due.at = at;
    queue(domain).Push(at, hash);
  }
  /// When something is to be taken out next; INT64_MAX for never.
  std::int64_t next(TimeDomain domain) const { return queues_[Index(domain)].next(); }
  TimerQueue& queue(TimeDomain domain) { return queues_[Index(domain)]; }
  std::uint64_t allocated_bytes() const {
    return queues_[0].allocated_bytes() + queues_[1].allocated_bytes();
  }
  /// True when an entry of the queue is the row's, and not left from before.
  bool Wants(std::byte* row, TimeDomain domain, std::int64_t at) const {
    return Due(row, domain).at == at;
  }
  /// Takes what has expired by `now` out of a row, and puts the row back into the index. `meter` may be null.
  void Clean(StateTable* table, RowRef ref, std::uint64_t hash, TimeDomain domain, std::int64_t now,
             StateMeter* meter);

 private:
  struct State {
    ExpiryOps ops;
    std::uint32_t offset = 0;
    std::uint32_t bit = 0;
  };
  static std::size_t Index(TimeDomain domain) { return domain == TimeDomain::kEventTime ? 0 : 1; }
  ExpiryDue& Due(std::byte* row, TimeDomain domain) const {
    return *reinterpret_cast<ExpiryDue*>(row + due_[Index(domain)]);
  }
  std::uint32_t& Presence(std::byte* row) const {
    return *reinterpret_cast<std::uint32_t*>(row + presence_);
  }

  std::vector<State> states_;
  std::uint32_t presence_ = 0;
  std::uint32_t due_[2] = {0, 0};
  TimerQueue queues_[2];
  const EventTime* record_ = nullptr;
  EventTime watermark_ = EventTime::Min();
  std::int64_t processing_ = INT64_MIN;
};

}  // namespace millrace
