// Enumerators that have no split yet: a subtask asks again until it is given one, or told that none will come.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "millrace/millrace.h"

namespace millrace {
namespace {

/// Each subtask is given its one split when it has asked so many times.
struct LateSplits {
  using Record = std::int64_t;
  using Split = RangeSplit;
  int asks = 1;

  struct Enumerator final : SplitEnumerator {
    int asks;
    std::vector<int> asked;
    Enumerator(int a, int parallelism) : asks(a), asked(static_cast<std::size_t>(parallelism)) {}
    std::vector<std::string> Assign(int subtask, bool* no_more) override {
      const int now = ++asked[static_cast<std::size_t>(subtask)];
      *no_more = now > asks;
      if (now != asks) return {};
      ByteWriter split;
      Encode(RangeSplit{subtask, 10 * subtask, 10 * subtask + 10}, split);
      return {std::string(split.view())};
    }
  };
  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    return std::make_unique<Enumerator>(asks, parallelism);
  }
  struct Reader {
    RangeSplit split;
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t) {
      for (; split.next < split.end; ++split.next) out.Emit(std::int64_t{split.next});
      return PollResult::End();
    }
  };
  Reader OpenSplit(const Split& split, const ReaderContext&) const { return {split}; }
};

std::vector<std::int64_t> Read(const char* driver, int asks, int parallelism) {
  StreamEnvironment env;
  env.SetOption("driver", driver);
  env.SetParallelism(parallelism);
  auto read = env.FromSource("late", LateSplits{asks}).ExecuteAndCollect();
  EXPECT_TRUE(read.ok()) << read.status();
  std::vector<std::int64_t> rows = std::move(read).value();
  std::sort(rows.begin(), rows.end());
  return rows;
}

TEST(SplitAssignment, ASubtaskWithoutASplitAsksAgain) {
  for (const int parallelism : {1, 3}) {
    std::vector<std::int64_t> all;
    for (std::int64_t i = 0; i < 10 * parallelism; ++i) all.push_back(i);
    EXPECT_EQ(Read("seeded", 5, parallelism), all);
    EXPECT_EQ(Read("threads", 2, parallelism), all);  // in real time: a tenth of a second
  }
}

}  // namespace
}  // namespace millrace
