// What windows have fired is kept for every key group, however often the job moves to another parallelism.
#include "millrace/operators/window/fired_ahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/window/slice_snapshot.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

constexpr std::uint32_t kGroups = 1 << 16;

/// A checkpoint of subtasks, each with its progress.
class Checkpoint final : public OperatorRestore {
 public:
  explicit Checkpoint(std::vector<std::string> parts, bool same)
      : parts_(std::move(parts)), same_(same) {}
  std::size_t chains() const override { return parts_.size(); }
  std::uint32_t length(std::size_t) const override { return 1; }
  Status ForEach(std::size_t chain, std::uint32_t, std::optional<SnapshotBlock>,
                 const Visit& visit) const override {
    return visit({0, SnapshotBlock::kOperator, parts_[chain]});
  }
  std::int64_t oldest(std::size_t) const override { return 1; }
  Status ForEachSubtask(
      SnapshotBlock, const std::function<Status(std::size_t, std::string_view)>&) const override {
    return Status::Ok();
  }
  bool same_subtask() const override { return same_; }

 private:
  std::vector<std::string> parts_;
  bool same_;
};

struct Subtask {
  KeyGroupRange own;
  std::int64_t fired_through = INT64_MIN;
  FiredAhead ahead;

  std::int64_t For(std::uint32_t group) const {
    return std::max(fired_through, ahead.Through(std::uint64_t{group} << 48));
  }
};

TEST(FiredAhead, EveryKeyGroupKeepsWhatWasFiredForIt) {
  for (const std::uint64_t seed : test_support::Seeds(1, 300)) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<std::int64_t> model(kGroups, INT64_MIN);  // by key group
    std::vector<Subtask> subtasks(1);
    for (int round = 0; round < 8; ++round) {
      for (Subtask& s : subtasks) {  // some go on
        if (random.Chance(0.3)) continue;
        s.fired_through = std::max<std::int64_t>(s.fired_through, 0) +
                          static_cast<std::int64_t>(random.Uniform(50));
        s.ahead.CatchUp(s.fired_through);
        for (std::uint32_t g = s.own.begin; g < s.own.end; ++g)
          model[g] = std::max(model[g], s.fired_through);
      }
      std::vector<std::string> parts;
      for (const Subtask& s : subtasks)
        parts.emplace_back(SliceProgress{s.fired_through, {}, s.ahead.groups()}.Encoded().view());
      const int next = 1 + static_cast<int>(random.Uniform(5));
      const bool same = next == static_cast<int>(subtasks.size());
      std::vector<Subtask> restored(static_cast<std::size_t>(next));
      for (int i = 0; i < next; ++i) {
        Subtask& s = restored[static_cast<std::size_t>(i)];
        const SliceProgress progress =
            SliceProgress::Restored(same ? Checkpoint({parts[static_cast<std::size_t>(i)]}, true)
                                         : Checkpoint(parts, false));
        s.own = KeyGroupRange::Of(i, next);
        s.fired_through = progress.fired_through;
        s.ahead.Restore(progress.ahead);
        for (std::uint32_t g = s.own.begin; g < s.own.end; g += 97)
          ASSERT_EQ(s.For(g), model[g]) << "group " << g << ", round " << round;
      }
      subtasks = std::move(restored);
    }
  }
}

}  // namespace
}  // namespace millrace
