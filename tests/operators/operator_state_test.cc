// States that belong to subtasks: what each subtask is given when a job is restored, at any parallelism.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/operator_states.h"
#include "millrace/state/broadcast_state.h"
#include "millrace/testing/harness.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct States : OperatorStateOwner {
  OperatorListState<String> list{this, "list"};
  OperatorListState<std::int64_t> all{this, "all", Redistribution::kUnion};
  BroadcastState<std::int64_t, String> map{this, "map"};
};

using Strings = std::vector<std::string>;
Strings Content(const OperatorListState<String>& list) {
  Strings content;
  for (const String& s : list.Get()) content.emplace_back(s.view());
  return content;
}
std::vector<std::int64_t> Content(const OperatorListState<std::int64_t>& list) {
  const auto view = list.Get();
  return {view.begin(), view.end()};
}
std::map<std::int64_t, std::string> Content(const BroadcastState<std::int64_t, String>& map) {
  std::map<std::int64_t, std::string> content;
  map.ForEach([&](std::int64_t k, const String& v) { content[k] = std::string(v.view()); });
  return content;
}

/// The snapshot of each subtask, and what a subtask that restores sees of them.
class Snapshots final : public OperatorRestore {
 public:
  void Add(OperatorStateOwner& states) {
    struct Sink final : BlockSink {
      std::vector<std::string> blocks;
      void Take(SnapshotBlock kind, ByteWriter block) override {
        EXPECT_EQ(kind, SnapshotBlock::kOperatorStates);
        blocks.emplace_back(block.view());
      }
    } sink;
    OperatorSnapshot to(1, &sink, true);
    SnapshotOperatorStates(states, to);
    blocks.push_back(std::move(sink.blocks));
  }
  /// Only its own, or all.
  void SeeOwn(std::size_t subtask) { own_ = subtask; }

  std::size_t chains() const override { return same_subtask() ? 1 : blocks.size(); }
  std::uint32_t length(std::size_t) const override { return 1; }
  std::int64_t oldest(std::size_t) const override { return 1; }
  bool same_subtask() const override { return own_ != SIZE_MAX; }
  Status ForEach(std::size_t chain, std::uint32_t, std::optional<SnapshotBlock>,
                 const Visit& visit) const override {
    for (const std::string& block : blocks[same_subtask() ? own_ : chain])
      MILLRACE_RETURN_IF_ERROR(visit({0, SnapshotBlock::kOperatorStates, block}));
    return Status::Ok();
  }
  Status ForEachSubtask(
      SnapshotBlock,
      const std::function<Status(std::size_t, std::string_view)>& visit) const override {
    for (std::size_t i = 0; i < blocks.size(); ++i)
      for (const std::string& block : blocks[i]) MILLRACE_RETURN_IF_ERROR(visit(i, block));
    return Status::Ok();
  }
  std::vector<std::vector<std::string>> blocks;  // by subtask

 private:
  std::size_t own_ = SIZE_MAX;
};

/// What the subtasks had.
struct Model {
  std::vector<Strings> lists;
  std::vector<std::int64_t> all;
  std::map<std::int64_t, std::string> map;
};

void Fill(Random& random, std::size_t subtasks, Snapshots* snapshots, Model* model) {
  for (std::uint64_t n = random.Uniform(5); n > 0; --n)
    model->map[random.Between(0, 9)] = "value with more than fifteen letters";
  for (std::size_t i = 0; i < subtasks; ++i) {
    States states;
    model->lists.emplace_back();
    for (std::uint64_t n = random.Uniform(8); n > 0; --n) {
      model->lists.back().push_back("text with more than fifteen letters " +
                                    std::to_string(random.Uniform(1000)));
      std::string passing = model->lists.back().back();
      states.list.Add(String::View(passing));
      std::fill(passing.begin(), passing.end(), '#');
      model->all.push_back(random.Between(-5, 5));
      states.all.Add(model->all.back());
    }
    for (const auto& [key, value] : model->map)
      BroadcastStateWriter(&states.map).Put(key, String::View(value));
    snapshots->Add(states);
  }
}

TEST(OperatorState, EverySubtaskIsGivenItsShareAtAnyParallelism) {
  for (const std::uint64_t seed : test_support::Seeds(1, 500)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::size_t before = 1 + random.Uniform(5), after = 1 + random.Uniform(5);
    Snapshots snapshots;
    Model model;
    Fill(random, before, &snapshots, &model);
    const bool same = before == after && random.Chance(0.7);
    Strings left;
    for (const Strings& list : model.lists) left.insert(left.end(), list.begin(), list.end());
    const std::size_t total = left.size();
    for (std::size_t i = 0; i < after; ++i) {
      if (same) snapshots.SeeOwn(i);
      States states;
      const Status status =
          RestoreOperatorStates(states, snapshots, static_cast<int>(i), static_cast<int>(after));
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_EQ(Content(states.all), model.all);
      EXPECT_EQ(Content(states.map), model.map);
      if (same) {
        EXPECT_EQ(Content(states.list), model.lists[i]);
        continue;
      }
      EXPECT_GE(states.list.Size(), total / after);
      EXPECT_LE(states.list.Size(), (total + after - 1) / after);
      for (const std::string& element : Content(states.list)) {
        const auto at = std::find(left.begin(), left.end(), element);
        ASSERT_NE(at, left.end()) << element;
        left.erase(at);
      }
    }
    if (!same) {
      EXPECT_TRUE(left.empty());
    }
  }
}

TEST(OperatorState, AStateThatHasBecomeAnotherIsRefused) {
  struct Before : OperatorStateOwner {
    OperatorListState<std::int64_t> state{this, "state"};
    OperatorListState<std::int64_t> dropped{this, "dropped"};
  } before;
  before.state.Add(1);
  Snapshots snapshots;
  snapshots.Add(before);
  struct After : OperatorStateOwner {
    OperatorListState<std::int64_t> state{this, "state", Redistribution::kUnion};
  } after;
  const Status status = RestoreOperatorStates(after, snapshots, 0, 1);
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            "restore operator state 'state': it was a operator list of int64, and is now a "
            "operator union list of int64");
  struct New : OperatorStateOwner {
    OperatorListState<std::int64_t> state{this, "new"};
  } fresh;
  EXPECT_TRUE(RestoreOperatorStates(fresh, snapshots, 0, 1).ok());
  EXPECT_TRUE(fresh.state.Empty());
}

TEST(OperatorState, DamagedBytesAreAnErrorAndNoCrash) {
  Random random(7);
  Snapshots whole;
  Model model;
  Fill(random, 1, &whole, &model);
  ASSERT_FALSE(model.all.empty());
  const std::string block = whole.blocks[0][0];
  for (std::size_t cut = 0; cut < block.size(); ++cut) {
    whole.blocks[0][0] = block.substr(0, cut);
    States states;
    EXPECT_EQ(RestoreOperatorStates(states, whole, 0, 1).code(), StatusCode::kDataLoss) << cut;
  }
  for (int i = 0; i < 2000; ++i) {
    whole.blocks[0][0] = block;
    whole.blocks[0][0][random.Uniform(block.size())] ^= static_cast<char>(1 << random.Uniform(8));
    States states;
    (void)RestoreOperatorStates(states, whole, 0, 1);
  }
}

/// Emits its records in blocks of three, behind a line that says how many there were: what is held is in the list.
struct InThrees : ProcessFunction<std::int64_t, std::int64_t> {
  OperatorListState<std::int64_t> waiting{this, "waiting"};
  void ProcessElement(std::int64_t n, Context&, Collector<std::int64_t>& out) {
    waiting.Add(n);
    if (waiting.Size() < 3) return;
    for (const std::int64_t w : waiting.Get()) out.Emit(w);
    waiting.Update(std::vector<std::int64_t>{});
  }
};

TEST(OperatorState, AFunctionGoesOnWithWhatItHadWhereItIsRestored) {
  auto h = testing::ProcessHarness(InThrees{});
  std::vector<std::int64_t> want;
  for (std::int64_t i = 0; i < 1000; ++i) {
    h.Push(i);
    if (i % 3 == 2) want.insert(want.end(), {i - 2, i - 1, i});
    ASSERT_EQ(h.Outputs().size(), want.size());
  }
  EXPECT_EQ(h.TakeRecords(), want);
  EXPECT_GT(h.Recoveries(), 10u);
}

}  // namespace
}  // namespace millrace
