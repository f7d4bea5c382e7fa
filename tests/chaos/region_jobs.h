#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/millrace.h"
#include "tests/chaos/oracle_sink.h"

// Parts of jobs with several regions: a source that counts how often its splits are opened, a step that throws, a sink that
// counts what it is given, whether or not that is committed.
namespace millrace::chaos {

/// How often something happened, by number. Any thread.
class Tally {
 public:
  void Add(std::int64_t what) {
    const std::lock_guard lock(mutex_);
    ++times_[what];
  }
  std::map<std::int64_t, int> times() const {
    const std::lock_guard lock(mutex_);
    return times_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::int64_t, int> times_;  // guarded by the mutex
};

/// Throws now and then, and so often in all; at the first time after `rows` rows, then after twice as many, and so on.
class Trouble {
 public:
  Trouble(int times, int rows) : times_(times), rows_(rows), left_(rows) {}
  void OnRow() {
    if (struck_ >= times_ || --left_ != 0) return;
    const int struck = ++struck_;
    left_ = rows_ * (struck + 1);
    throw std::runtime_error("as asked");
  }
  int struck() const { return struck_; }
  bool over() const { return struck_ >= times_; }

 private:
  const int times_, rows_;
  std::atomic<int> struck_{0}, left_;
};

/// The numbers from 0 on, dealt ahead to the subtasks in splits of equal length. The second half of each waits until `trouble`
/// is over.
struct Numbers {
  using Record = std::int64_t;
  using Split = RangeSplit;
  std::int64_t splits = 4, length = 500;
  const Trouble* trouble = nullptr;  // null: nothing waits
  Tally* opened = nullptr;           // splits

  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    std::vector<RangeSplit> all;
    for (std::int64_t i = 0; i < splits; ++i) all.push_back({i, i * length, (i + 1) * length});
    return MakeStaticSplits(all, parallelism);
  }
  struct Reader {
    RangeSplit at;
    std::int64_t half;
    const Trouble* trouble;
    const Clock* clock;
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t max_rows) {
      for (; max_rows > 0 && at.next < at.end; --max_rows) {
        if (at.next >= half && trouble != nullptr && !trouble->over())
          return PollResult::Waiting(clock->NowNanos() + kNap);
        out.Emit(at.next++);
      }
      return at.next == at.end ? PollResult::End() : PollResult::More();
    }
    RangeSplit Position() const { return at; }
  };
  Reader OpenSplit(const RangeSplit& split, const ReaderContext& context) const {
    opened->Add(split.index);
    return {split, split.end - length / 2, trouble, context.clock};
  }

 private:
  static constexpr std::int64_t kNap = 500000;  // nanoseconds
};

/// Counts what it is given.
struct TallySink {
  Tally* tally;
  struct Writer {
    Tally* tally;
    void Write(std::int64_t n, EventTime) { tally->Add(n); }
  };
  Writer CreateWriter(const WriterContext&) const { return {tally}; }
};

}  // namespace millrace::chaos
