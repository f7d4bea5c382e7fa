// What sliding windows owe to snapshots is written in slices while records come and panes go: each snapshot has what the
// panes had when it began.
#include "millrace/operators/window/sliding_snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/io/key.h"
#include "millrace/operators/window/panes_owed.h"
#include "millrace/operators/window/sliding_store.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using Store = SlidingStore<std::int64_t, std::int64_t, false>;
/// Sums by pane and key.
using Sums = std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t>;

struct Blocks final : BlockSink {
  void Take(SnapshotBlock kind, ByteWriter block) override {
    EXPECT_EQ(kind, SnapshotBlock::kPane);
    ByteReader in(block.view());
    std::int64_t start = 0, key = 0, sum = 0;
    std::uint32_t count = 0;
    in.Get(&start);
    in.Get(&count);
    EXPECT_GT(count, 0U);
    for (; count > 0 && in.Get(&key) && in.Get(&sum); --count) {
      sums[{start, key}] += sum;
      ++entries;
    }
    EXPECT_TRUE(in.AtEnd());
  }
  Sums sums;
  std::size_t entries = 0;
};

struct Open {
  Blocks blocks;
  OperatorSnapshot snapshot;
  Sums expected;
  explicit Open(std::int64_t id) : snapshot(id, &blocks, false) {}
};

class PanesAndModel {
 public:
  explicit PanesAndModel(std::uint64_t seed) : random_(seed) {}

  void Steps(int count) {
    for (int i = 0; i < count && !::testing::Test::HasFailure(); ++i) {
      switch (random_.Uniform(8)) {
        case 0:
          if (open_.size() < 2) Begin();
          break;
        case 1:
        case 2:
          Slice(static_cast<std::uint32_t>(1 + random_.Uniform(4)));
          break;
        case 3:
          if (random_.Chance(0.3)) DropOldest();
          break;
        default:
          Add(next_ + static_cast<std::int64_t>(random_.Uniform(3)),
              static_cast<std::int64_t>(random_.Uniform(9)));
      }
    }
    while (!open_.empty()) Slice(100);
  }
  int checked() const { return checked_; }
  int dropped_while_owed() const { return dropped_while_owed_; }

 private:
  void Add(std::int64_t start, std::int64_t key) {
    Store::Pane& pane = store_.FindOrCreatePane(start);
    const auto way = static_cast<std::uint32_t>(start & 1);
    Store::Key& at = store_.FindOrAdd(key, KeyHash(key));
    if (at.pane[way] != pane.serial) store_.AddEntry(pane, way, at).acc = 0;
    ++at.open[way]->acc;
    ++now_[{start, key}];
  }
  void Begin() {
    open_.emplace_back(++id_);
    open_.back().expected = now_;
    owed_.Begin(&open_.back().snapshot);
    for (std::size_t i = 0; i < store_.panes(); ++i) {
      owed_.Owe(store_.pane(i).start, store_.pane(i).log.size());
      store_.Seal(store_.pane(i));
    }
  }
  void Slice(std::uint32_t rows) {
    const PanesOwed::Run run = owed_.TakeOldest(rows);
    if (run.count() > 0) return Write(run);
    if (open_.empty()) return;
    EXPECT_EQ(open_.front().blocks.sums, open_.front().expected);
    open_.pop_front();
    ++checked_;
  }
  void Write(const PanesOwed::Run& run) {
    WritePaneEntries<std::int64_t, std::int64_t>(store_, run);
  }
  void DropOldest() {
    if (store_.panes() == 0) return;
    Store::Pane& pane = store_.pane(0);
    std::uint32_t written = 0;
    for (PanesOwed::Run run; (run = owed_.TakeOf(pane.start, 2)).count() > 0;) {
      Write(run);
      written += run.count();
    }
    dropped_while_owed_ += written > 0 ? 1 : 0;
    const std::int64_t start = pane.start;
    for (std::uint32_t i = 0; i < pane.log.size(); ++i) store_.Release(pane.log[i].slot);
    store_.DropFront();
    store_.ForgetAll();
    now_.erase(now_.lower_bound({start, INT64_MIN}), now_.upper_bound({start, INT64_MAX}));
    next_ = std::max(next_, start + 1);
  }

  Random random_;
  Store store_{KeyGroupRange{}, nullptr};
  PanesOwed owed_;
  Sums now_;
  std::deque<Open> open_;
  std::int64_t id_ = 0, next_ = 0;
  int checked_ = 0, dropped_while_owed_ = 0;
};

TEST(SlidingSnapshot, HasWhatThePanesHadWhenItBegan) {
  int checked = 0, dropped = 0;
  for (const std::uint64_t seed : test_support::Seeds(1, 300)) {
    PanesAndModel run(seed);
    run.Steps(300);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
    checked += run.checked();
    dropped += run.dropped_while_owed();
  }
  EXPECT_GT(checked, 100);
  EXPECT_GT(dropped, 50);
}

}  // namespace
}  // namespace millrace
