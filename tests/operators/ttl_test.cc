// States with a time to live, of every kind and setting, against a naive model.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/testing/harness.h"
#include "tests/operators/ttl_program.h"
#include "tests/support/drawn_input.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

/// How often the drawn input got into the corners.
struct Corners {
  std::uint64_t sequences = 0;
  std::uint64_t rows_gone = 0;  // a clean-up that let keys go
  std::uint64_t recoveries = 0;
  std::uint64_t late = 0;  // records at or behind the watermark
};

/// Drawn records, watermarks and clocks through the function and its model.
class TtlRun {
 public:
  TtlRun(Random* random, Corners* corners, const Ttl& ttl)
      : random_(*random), corners_(*corners), ttl_(ttl), model_(ttl) {
    if (random_.Chance(0.5)) harness_.SetStepRows(random_.Between(1, 3));
    clock_ = harness_.Now().millis();
  }
  void All() {
    using Kind = test_support::DrawnInput::Kind;
    ++corners_.sequences;
    test_support::DrawnInput input(&random_, 20, 0, clock_, event() ? 0.1 : 0.8);
    for (int i = 0;; ++i) {
      const auto step = input.Next();
      std::vector<Seen> want;
      if (step.kind == Kind::kRecords) {
        want = Push(step.records);
      } else if (step.kind == Kind::kWatermark) {
        harness_.Watermark(testing::At(step.to));
        want = FollowWatermark(step.to);
      } else if (step.kind == Kind::kClock) {
        harness_.ProcessingTime(testing::At(step.to));
        clock_ = step.to;
        if (!event()) Clean(clock_);
      } else {
        harness_.Close();
        want = FollowWatermark(INT64_MAX);
      }
      std::vector<Seen> seen = harness_.TakeRecords();
      // Timers of one time come in no order.
      if (step.kind != Kind::kRecords) std::sort(seen.begin(), seen.end(), ByDue);
      ASSERT_EQ(seen, want) << "in step " << i;
      ASSERT_EQ(harness_.StateRows(), model_.rows()) << "in step " << i;
      if (step.kind == Kind::kEnd) break;
    }
    corners_.recoveries += harness_.Recoveries();
  }

 private:
  static bool ByDue(const Seen& a, const Seen& b) {
    return std::tie(a.due, a.key) < std::tie(b.due, b.key);
  }
  bool event() const { return ttl_.domain() == TimeDomain::kEventTime; }
  std::int64_t NowAt(std::int64_t time) const {
    if (!event()) return clock_;
    return time == INT64_MAX ? watermark_ : std::max(time, watermark_);
  }

  std::vector<Seen> Push(const std::vector<test_support::DrawnInput::Record>& records) {
    std::vector<std::string> texts(records.size());
    std::vector<Order> orders;
    std::vector<EventTime> times;
    std::vector<Seen> want;
    for (std::size_t i = 0; i < records.size(); ++i) {
      texts[i] = "text with more than fifteen letters " + std::to_string(count_++);
      Order o{"a key " + std::to_string(records[i].key),
              static_cast<std::int64_t>(random_.Uniform(Order::kWhats)),
              random_.Between(1, 8),
              random_.Chance(0.4),
              {}};
      if (records[i].time <= watermark_) ++corners_.late;
      if (o.what == Order::kTimer) o.a = records[i].time + random_.Between(-20, 60);
      const Seen seen = model_.Push(o, texts[i], NowAt(records[i].time));
      if (o.looks) want.push_back(seen);
      o.text = String::View(texts[i]);
      orders.push_back(o);
      times.push_back(EventTime::FromMillis(records[i].time));
    }
    harness_.PushRows<0>(orders, times);
    for (std::string& text : texts) std::fill(text.begin(), text.end(), '#');
    return want;
  }
  std::vector<Seen> FollowWatermark(std::int64_t to) {
    std::vector<Seen> fired;
    if (to > watermark_) fired = model_.Fire(to, [&](std::int64_t due) { return NowAt(due); });
    if (to == INT64_MAX) return fired;
    watermark_ = to;
    if (event()) Clean(to);
    return fired;
  }
  void Clean(std::int64_t now) {
    const std::size_t before = model_.rows();
    model_.Clean(now);
    if (model_.rows() < before) ++corners_.rows_gone;
  }

  struct Pipeline {
    Ttl ttl;
    auto operator()(DataStream<Order> in) const {
      return std::move(in).KeyBy(&Order::key).Process("forgetful", Forgetful(ttl));
    }
  };
  Random& random_;
  Corners& corners_;
  const Ttl ttl_;
  test_support::Batched<testing::OperatorHarness<Seen, Order>> harness_{Pipeline{ttl_}};
  ForgetfulModel model_;
  std::int64_t watermark_ = INT64_MIN, clock_ = 0;
  std::int64_t count_ = 0;
};

TEST(Ttl, StatesOfEveryKindEqualTheModel) {
  Corners corners;
  for (const std::uint64_t seed : test_support::Seeds(1, 2000)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Ttl ttl(Duration(random.Between(1, random.Chance(0.5) ? 10 : 100)));
    if (random.Chance(0.5)) ttl = ttl.InEventTime();
    if (random.Chance(0.4)) ttl = ttl.OnReadAndWrite();
    if (random.Chance(0.3)) ttl = ttl.ReturnExpiredIfNotCleanedUp();
    TtlRun(&random, &corners, ttl).All();
  }
  if (!test_support::AllSeeds()) return;
  EXPECT_GT(corners.rows_gone, corners.sequences);
  EXPECT_GT(corners.recoveries, corners.sequences);
  EXPECT_GT(corners.late, corners.sequences / 4);
}

struct Remember : KeyedProcessFunction<std::string, Order, Seen> {
  MapState<std::int64_t, std::int64_t, Ttl> numbers{this, "numbers", Ttl(10ms)};
  void ProcessElement(const Order& o, Context& ctx, Collector<Seen>& out) {
    if (o.what == Order::kPut) numbers.Put(o.a, o.a);
    if (o.looks) out.Emit({ctx.Key(), 0, std::to_string(numbers.Size())});
  }
};

TEST(Ttl, ALargeMapIsCleanedUpAFewEntriesAtATime) {
  auto h = testing::KeyedProcessHarness(&Order::key, Remember{});
  h.SetRecovery(false);
  for (std::int64_t i = 0; i < 1000; ++i) h.Push({"a", Order::kPut, i, false, {}});
  const std::int64_t full = h.StateBytes();
  h.ProcessingTime(9ms);
  h.Push({"a", Order::kLook, 0, true, {}});
  EXPECT_EQ(h.TakeRecords().at(0).text, "1000");
  EXPECT_EQ(h.StateRows(), 1u);
  h.ProcessingTime(1ms);
  EXPECT_EQ(h.StateRows(), 0u);
  EXPECT_LT(h.StateBytes(), full / 4);
}

TEST(Ttl, AStateThatIsWrittenAgainAndAgainStaysAndTheIndexStaysSmall) {
  auto h = testing::KeyedProcessHarness(&Order::key, Remember{});
  h.SetRecovery(false);
  h.Push({"a", Order::kPut, 1, false, {}});
  const std::int64_t bytes = h.StateBytes();
  for (int i = 0; i < 10000; ++i) {
    if (i % 10 == 0) h.ProcessingTime(1ms);
    h.Push({"a", Order::kPut, 1, false, {}});
  }
  EXPECT_EQ(h.StateRows(), 1u);
  EXPECT_LT(h.StateBytes(), bytes + 1024);
}

}  // namespace
}  // namespace millrace
