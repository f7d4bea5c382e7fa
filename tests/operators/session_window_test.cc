// Session windows, by event time and by the clock, against a naive model of Flink's WindowOperator with a merging
// assigner.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/window/session_window_operator.h"
#include "tests/operators/window_model.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

class SessionModel final : public WindowModel {
 public:
  SessionModel(std::int64_t gap, std::int64_t lateness, Corners* corners)
      : WindowModel(lateness, corners), gap_(gap) {}

  void Push(std::int64_t key, std::int64_t id, std::int64_t time) override {
    Session merged{time, time + gap_, {id}};
    std::vector<Session> rest, sessions = sessions_[key];
    // Until nothing is left to merge: what is merged may now touch another.
    for (bool grown = true; grown;) {
      grown = false;
      rest.clear();
      for (const Session& s : sessions) {
        if (merged.start > s.end || merged.end < s.start) {
          rest.push_back(s);
          continue;
        }
        merged.start = std::min(merged.start, s.start);
        merged.end = std::max(merged.end, s.end);
        merged.ids.insert(merged.ids.end(), s.ids.begin(), s.ids.end());
        grown = true;
      }
      sessions = rest;
    }
    if (Gone(merged.end)) {
      late.emplace_back(id, time);
      ++corners_.too_late;
      return;
    }
    if (rest.size() + 1 < sessions_[key].size()) ++corners_.merged;
    if (Reached(merged.end)) {
      Fire(key, merged.start, merged.end, merged.ids, true);
      merged.fired = true;
    }
    rest.push_back(merged);
    sessions_[key] = rest;
  }
  void Advance(std::int64_t through) override {
    SetThrough(through);
    for (auto& [key, sessions] : sessions_) {
      for (Session& s : sessions) {
        if (s.fired || !Reached(s.end)) continue;
        Fire(key, s.start, s.end, s.ids, false);
        s.fired = true;
      }
      std::erase_if(sessions, [&](const Session& s) { return Gone(s.end); });
    }
  }
  std::size_t rows() const override {
    return static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(),
                                                  [](const auto& s) { return !s.second.empty(); }));
  }

 private:
  struct Session {
    std::int64_t start, end;
    Numbers ids;
    bool fired = false;
  };
  const std::int64_t gap_;
  std::map<std::int64_t, std::vector<Session>> sessions_;
};

void Compare(std::uint64_t seed, bool by_clock, Corners* corners) {
  Random random(seed);
  const Duration gap(random.Between(1, 20));
  const Duration lateness(random.Chance(0.4) ? 0 : random.Between(0, 40));
  SCOPED_TRACE("seed " + std::to_string(seed) + " gap " + std::to_string(gap.count()) +
               " lateness " + std::to_string(lateness.count()));
  WindowHarness<Ids> harness(WindowPipeline<Ids>(SessionWindows{gap, by_clock}, lateness));
  if (random.Chance(0.5)) harness.SetStepRows(random.Between(1, 3));
  SessionModel model(gap.count(), by_clock ? 0 : lateness.count(), corners);
  WindowRun<Ids> run(&harness, &model, corners, {by_clock, by_clock && random.Chance(0.3), true});
  run.All({&random, gap.count(), lateness.count(), harness.Now().millis(), by_clock ? 0.9 : 0.1});
}

TEST(SessionWindows, EqualTheModel) {
  Corners corners;
  for (const std::uint64_t seed : test_support::Seeds(1, 2000)) Compare(seed, false, &corners);
  corners.Require({{"leaps", corners.leaps},
                   {"merged", corners.merged},
                   {"negative", corners.negative},
                   {"fired again", corners.fired_again},
                   {"late", corners.too_late},
                   {"open at the end", corners.open_at_end},
                   {"full", corners.full},
                   {"batches", corners.batches}});
}

TEST(SessionWindows, ByTheClockTheyEqualTheModel) {
  Corners corners;
  for (const std::uint64_t seed : test_support::Seeds(10001, 800)) Compare(seed, true, &corners);
  corners.Require({{"open at the end", corners.open_at_end}, {"batches", corners.batches}});
}

TEST(SessionWindows, SessionsFireInTheOrderOfTime) {
  auto harness = testing::WindowHarness<Item>(KeyOfItem{}, SessionEventTime(Duration(10)), Count{});
  harness.Push({1, 0, 0, {}}, testing::At(0));
  harness.Push({2, 0, 0, {}}, testing::At(1));
  // The older session goes on, and ends behind the other.
  harness.Push({1, 0, 0, {}}, testing::At(5));
  harness.Watermark(testing::At(100));
  const auto fired = harness.TakeOutputs();
  ASSERT_EQ(fired.size(), 2u);
  EXPECT_EQ(fired[0].time, testing::At(10));
  EXPECT_EQ(fired[1].time, testing::At(14));
}

TEST(SessionWindows, LatenessIsNothingToTheClock) {
  auto harness = testing::Harness<Item>([](DataStream<Item> in) {
    return std::move(in)
        .KeyBy(KeyOfItem{})
        .Window(SessionProcessingTime(Duration(100)))
        .AllowedLateness(Duration(50))
        .Aggregate("sessions", Count{});
  });
  harness.Push({1, 0, 0, {}});
  harness.ProcessingTime(Duration(100));
  harness.Push({1, 0, 0, {}});  // touches the session that has fired, which is gone
  harness.Close();
  const auto fired = harness.TakeRecords();
  ASSERT_EQ(fired.size(), 2u);
  EXPECT_EQ(fired[0].value, 1);
  EXPECT_EQ(fired[1].value, 1);
}

TEST(SessionWindows, ProcessingTimeSessionsFireWithTheClockAndAtTheEnd) {
  auto harness =
      testing::WindowHarness<Item>(KeyOfItem{}, SessionProcessingTime(Duration(100)), Count{});
  const std::int64_t start = harness.Now().millis();
  harness.Push({1, 0, 0, {}});
  harness.ProcessingTime(testing::At(start + 60));
  harness.Push({1, 0, 0, {}});
  harness.ProcessingTime(testing::At(start + 159));
  EXPECT_TRUE(harness.TakeOutputs().empty());
  harness.ProcessingTime(testing::At(start + 160));
  auto fired = harness.TakeOutputs();
  ASSERT_EQ(fired.size(), 1u);
  EXPECT_EQ(fired[0].record.value, 2);
  harness.Push({1, 0, 0, {}});
  harness.Close();
  EXPECT_EQ(harness.TakeOutputs().size(), 1u);
}

}  // namespace
}  // namespace millrace
