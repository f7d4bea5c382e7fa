// A reader and its coordinator in different workers: whatever the order of requests, checkpoints and barriers, a checkpoint
// has every split once.
#include "runtime/task/splits/remote_split_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/io/bytes.h"
#include "runtime/task/splits/source_coordinator.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

constexpr int kSplits = 12;
constexpr int kReaders = 3;

struct NoWaker final : Waker {
  void Wake() override {}
};

/// Gives out its splits one by one.
class Numbers final : public SplitEnumerator {
 public:
  std::vector<std::string> Assign(int, bool* no_more) override {
    if (next_ == kSplits) {
      *no_more = true;
      return {};
    }
    return {std::to_string(next_++)};
  }
  std::string Snapshot() const override { return std::to_string(next_); }

 private:
  int next_ = 0;
};

/// The way through the master: what is sent to a worker arrives there later, and in order.
struct Way final : SplitCourier {
  void Request(int, int subtask) override { to_coordinator.push_back(subtask); }
  void Assign(int, int subtask, const std::vector<std::string>& splits) override {
    to_reader[subtask].push_back([this, subtask, splits] {
      readers[static_cast<std::size_t>(subtask)]->OnAssigned(splits);
    });
  }
  void NoMoreSplits(int, int subtask) override {
    to_reader[subtask].push_back(
        [this, subtask] { readers[static_cast<std::size_t>(subtask)]->OnNoMoreSplits(); });
  }
  std::deque<int> to_coordinator;
  std::deque<std::function<void()>> to_reader[kReaders];
  std::vector<std::unique_ptr<RemoteSplitReader>> readers;
};

/// The splits of a coordinator's part: what its enumerator still has, and what waits for readers.
std::vector<int> SplitsOf(const std::string& part) {
  ByteReader in(part);
  std::string_view text;
  std::uint32_t readers = 0, count = 0;
  EXPECT_TRUE(in.GetString(&text) && in.GetCount(4, &readers));
  std::vector<int> splits;
  for (int i = std::stoi(std::string(text)); i < kSplits; ++i) splits.push_back(i);
  for (; readers > 0 && in.GetCount(4, &count); --readers) {
    for (; count > 0 && in.GetString(&text); --count)
      splits.push_back(std::stoi(std::string(text)));
  }
  EXPECT_TRUE(in.AtEnd());
  return splits;
}

TEST(RemoteSplitReader, ACheckpointHasEverySplitOnce) {
  for (const std::uint64_t seed : test_support::Seeds(1, 2000)) {
    SCOPED_TRACE(seed);
    Random random(seed);
    NoWaker waker;
    Way way;
    SourceCoordinator coordinator(std::make_unique<Numbers>(), kReaders);
    for (int r = 0; r < kReaders; ++r) {
      way.readers.push_back(std::make_unique<RemoteSplitReader>(7, r, 0, &way, &waker));
      coordinator.SetRemote(r, 7, &way);
    }
    std::vector<int> taken[kReaders];
    std::int64_t open = 0, ended = 0;
    std::int64_t triggered[kReaders] = {}, passed[kReaders] = {};
    std::vector<int> found;  // splits of the open checkpoint
    const auto take = [&](int r) {
      std::string split;
      while (way.readers[static_cast<std::size_t>(r)]->TakeSplit(&split))
        taken[r].push_back(std::stoi(split));
    };
    for (int turn = 0; turn < 150; ++turn) {
      const int r = static_cast<int>(random.Uniform(kReaders));
      RemoteSplitReader& reader = *way.readers[static_cast<std::size_t>(r)];
      switch (random.Uniform(6)) {
        case 0:
          reader.RequestSplit();
          break;
        case 1:
          if (way.to_coordinator.empty()) break;
          coordinator.OnRequest(way.to_coordinator.front());
          way.to_coordinator.pop_front();
          break;
        case 2:
          if (way.to_reader[r].empty()) break;
          way.to_reader[r].front()();
          way.to_reader[r].pop_front();
          break;
        case 3:
          take(r);
          break;
        case 4: {  // a checkpoint begins
          if (open > ended) break;
          ++open;
          found = SplitsOf(coordinator.BeginCheckpoint(open));
          for (int i = 0; i < kReaders; ++i) {
            way.to_reader[i].push_back([&, i, id = open] {
              way.readers[static_cast<std::size_t>(i)]->OnTriggered(id);
              triggered[i] = id;
            });
          }
          break;
        }
        case 5: {  // the reader takes its part
          if (triggered[r] == passed[r]) break;
          take(r);
          found.insert(found.end(), taken[r].begin(), taken[r].end());
          passed[r] = triggered[r];
          reader.OnBarrier(passed[r]);
          if (!std::all_of(passed, passed + kReaders, [&](auto p) { return p == open; })) break;
          std::sort(found.begin(), found.end());
          ASSERT_EQ(found.size(), static_cast<std::size_t>(kSplits));
          for (int i = 0; i < kSplits; ++i) ASSERT_EQ(found[static_cast<std::size_t>(i)], i);
          ended = open;
          coordinator.EndCheckpoint(open);
          break;
        }
      }
    }
  }
}

}  // namespace
}  // namespace millrace
