#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/base/clock.h"

/// The source SPI, in the shape of Flink's FLIP-27. A source is a copyable value:
///   using Record = T;
///   using Split = S;                                 // a MILLRACE_RECORD: what to read, and from where
///   std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const;   // once a job
///   Reader OpenSplit(const Split&, const ReaderContext&) const;                 // source task
/// A reader reads one split:
///   template <class Out> PollResult Poll(Out& out, std::uint32_t max_rows);     // never blocks
///   Split Position() const;      // the split as of the next record: where a restored job goes on
///   static constexpr bool kTextsLast = true;     // optional: texts that its records view stay as they are until the next Poll
///                                                // (or the reader's end); they are not copied on their way within a task then
/// `out.Emit(record[, time])` runs the fused chain, inlined; `out.CountSkipped()` counts input that the user chose to skip.
/// A source with a side output has
///   using SideRecord = S;
///   const std::string& side_output() const;      // its tag; empty: not wanted
/// and its reader may call `out.EmitSide(record)`.
namespace millrace {

/// Where a reader works. Take the time from `clock`: tests run on a manual one.
struct ReaderContext {
  std::string source_name;
  int subtask = 0;
  int parallelism = 1;
  /// NowNanos counts from some point, for distances; the time of day is WallMillis.
  const Clock* clock = nullptr;
};

/// What a reader has to say after a poll.
enum class PollStatus {
  kMore,     // call again: there may be more at once
  kWaiting,  // nothing until `wake_at`
  kEnd,      // the split is read to its end
};

/// What `Poll` returns: `More()`, `Waiting(time)` or `End()`.
struct PollResult {
  PollStatus status = PollStatus::kMore;
  std::int64_t wake_at = INT64_MAX;  // clock reading in nanoseconds, with kWaiting
  std::uint32_t rows = 0;            // filled in by the engine

  static PollResult More() { return {}; }
  /// Nothing is at hand: poll again when the clock reads `wake_at` nanoseconds.
  static PollResult Waiting(std::int64_t wake_at) { return {PollStatus::kWaiting, wake_at, 0}; }
  static PollResult End() { return {PollStatus::kEnd, INT64_MAX, 0}; }
};

/// Decides which subtask reads which split; there is one for each source of a job. Splits travel encoded.
class SplitEnumerator {
 public:
  virtual ~SplitEnumerator() = default;
  /// The splits for a subtask that has none (left). Empty with `*no_more` when none will ever come; empty without it when
  /// there are none yet: the subtask asks again a tenth of a second later. Calls never overlap; each is made by the thread
  /// of a subtask that asks.
  virtual std::vector<std::string> Assign(int subtask, bool* no_more) = 0;
  /// For checkpoints: what Restore needs to go on, at any parallelism, with the splits that are not assigned. Without them the
  /// source can't take part.
  virtual std::string Snapshot() const;
  /// Instead of the splits found at the start. False when the bytes are none of its own.
  virtual bool Restore(std::string_view bytes);
  /// From the start on it is settled which splits each of so many subtasks gets, whatever the others do. Then one that has failed
  /// may go back to a checkpoint while the others read on; else all subtasks of the source go back together.
  virtual bool DealsAhead(int /*parallelism*/) const { return false; }
  /// Of one that deals ahead: as Restore, for this subtask's splits alone.
  virtual bool RestoreSubtask(int /*subtask*/, std::string_view /*bytes*/) { return false; }
};

/// How a source's subtask asks for splits.
class SourceControl {
 public:
  virtual ~SourceControl() = default;
  /// Not again before it is answered.
  virtual void RequestSplit() = 0;
  virtual bool TakeSplit(std::string* bytes) = 0;
  virtual bool no_more_splits() = 0;
  /// All that the last request gives was taken. Before that nothing is read: splits that are given out together are read together, and
  /// the watermark of some does not run away from the others'.
  virtual bool answered() { return true; }
  /// The subtask has taken its part of this checkpoint: it may be given splits again.
  virtual void OnBarrier(std::int64_t /*checkpoint*/) {}
};

}  // namespace millrace
