// Functions on a stream and a broadcast one, keyed and not, against naive models.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/testing/harness.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct Rule {
  std::int64_t item = 0;
  std::int64_t what =
      0;  // 0: set, 1: change in place, 2: erase, 3: clear, 4: tell and halve what all keys have spent
  std::int64_t limit = 0;
};
MILLRACE_RECORD(Rule, item, what, limit);
struct Sale {
  std::string customer;
  std::int64_t item = 0;
  std::int64_t amount = 0;
};
MILLRACE_RECORD(Sale, customer, item, amount);

/// The rule changes that both functions make.
template <class Context>
void Apply(const Rule& r, Context& ctx, BroadcastState<std::int64_t, std::int64_t>& rules) {
  if (r.what == 0) ctx.Write(rules).Put(r.item, r.limit);
  if (r.what == 1) ctx.Write(rules).Mutable(r.item) += r.limit;
  if (r.what == 2) ctx.Write(rules).Erase(r.item);
  if (r.what == 3) ctx.Write(rules).Clear();
}
void Apply(const Rule& r, std::map<std::int64_t, std::int64_t>* rules) {
  if (r.what == 0) (*rules)[r.item] = r.limit;
  if (r.what == 1) (*rules)[r.item] += r.limit;
  if (r.what == 2) rules->erase(r.item);
  if (r.what == 3) rules->clear();
}

struct Limits : KeyedBroadcastProcessFunction<std::string, Sale, Rule, std::string> {
  BroadcastState<std::int64_t, std::int64_t> rules{this, "rules"};
  ValueState<std::int64_t> spent{this, "spent"};
  ValueState<std::int64_t, Ttl> last{this, "last", Ttl(50ms)};

  void ProcessElement(const Sale& s, Context& ctx, Collector<std::string>& out) {
    spent.Mutable() += s.amount;
    last.Update(s.item);
    ctx.RegisterEventTimeTimer(ctx.Timestamp() + 100ms);
    const std::int64_t* limit = rules.Get(s.item);
    if (limit != nullptr && spent.Get() > *limit)
      out.Emit(s.customer + " over " + std::to_string(*limit));
  }
  void ProcessBroadcastElement(const Rule& r, BroadcastContext& ctx, Collector<std::string>& out) {
    Apply(r, ctx, rules);
    if (r.what != 4) return;
    ctx.ForEachKey([&](const std::string& customer) {
      out.Emit(customer + " has " + std::to_string(spent.Get()) + (last.Has() ? "*" : ""));
      spent.Mutable() /= 2;
      if (spent.Get() == 0) spent.Clear();
    });
  }
  void OnTimer(EventTime, Context& ctx, Collector<std::string>& out) {
    out.Emit(ctx.Key() + " timer, rules " + std::to_string(rules.Size()));
  }
};

TEST(Broadcast, AKeyedFunctionEqualsTheModel) {
  std::uint64_t recoveries = 0;
  for (const std::uint64_t seed : test_support::Seeds(1, 300)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    auto h = testing::KeyedBroadcastHarness(&Sale::customer, Limits{});
    if (random.Chance(0.5)) h.SetStepRows(random.Between(1, 3));
    std::map<std::int64_t, std::int64_t> rules;
    std::map<std::string, std::int64_t> spent, last;  // `last`: when it was written
    for (int i = 0; i < 60; ++i) {
      std::vector<std::string> want;
      if (random.Chance(0.2)) h.ProcessingTime(Duration(random.Between(1, 30)));
      const std::int64_t now = h.Now().millis();
      if (random.Chance(0.4)) {
        const Rule r{random.Between(0, 3), random.Between(0, 4), random.Between(1, 60)};
        h.PushTo<1>(r, testing::At(i));
        Apply(r, &rules);
        if (r.what == 4) {
          for (auto& [customer, amount] : spent) {
            want.push_back(customer + " has " + std::to_string(amount) +
                           (last[customer] + 50 > now ? "*" : ""));
            amount /= 2;
          }
        }
      } else {
        const Sale s{"customer " + std::to_string(random.Between(0, 5)), random.Between(0, 3),
                     random.Between(1, 20)};
        h.PushTo<0>(s, testing::At(i));
        const std::int64_t total = spent[s.customer] += s.amount;
        last[s.customer] = now;
        const auto limit = rules.find(s.item);
        if (limit != rules.end() && total > limit->second)
          want.push_back(s.customer + " over " + std::to_string(limit->second));
      }
      std::vector<std::string> got = h.TakeRecords();
      std::sort(got.begin(), got.end());
      ASSERT_EQ(got, want) << "in step " << i;
    }
    // Until now every key had a timer, and so a row.
    h.Watermark(testing::At(1000));
    for (const std::string& line : h.TakeRecords())
      EXPECT_NE(line.find("timer, rules " + std::to_string(rules.size())), std::string::npos);
    h.ProcessingTime(50ms);
    EXPECT_EQ(h.StateRows(),
              static_cast<std::uint64_t>(
                  std::count_if(spent.begin(), spent.end(), [](auto& s) { return s.second > 0; })));
    recoveries += h.Recoveries();
  }
  EXPECT_GT(recoveries, 100u);
}

/// Notes who has come, in broadcast records tells them and forgets those with a short name.
struct Guests : KeyedBroadcastProcessFunction<std::string, Sale, Rule, std::string> {
  ValueState<String> name{this, "name"};
  void ProcessElement(const Sale& s, Context&, Collector<std::string>&) {
    name.Update(String::View(s.customer));
  }
  void ProcessBroadcastElement(const Rule&, BroadcastContext& ctx, Collector<std::string>& out) {
    ctx.ForEachKey([&](const std::string& key) {
      out.Emit(std::string(name.Get().view()));
      if (key.size() < 3) {
        name.Clear();
        return;
      }
      const std::string longer = key + ", who is known";
      name.Update(String::View(longer));
    });
  }
};

TEST(Broadcast, AKeyThatLosesItsStateInForEachKeyIsGoneAndTextsAreKept) {
  auto h = testing::KeyedBroadcastHarness(&Sale::customer, Guests{});
  for (const char* guest : {"al", "bo", "cleo", "dora"}) h.PushTo<0>({guest, 0, 0}, testing::At(1));
  EXPECT_EQ(h.StateRows(), 4u);
  h.PushTo<1>({}, testing::At(2));
  EXPECT_EQ(h.StateRows(), 2u);
  EXPECT_EQ(h.TakeRecords().size(), 4u);
  h.PushTo<1>({}, testing::At(3));
  std::vector<std::string> told = h.TakeRecords();
  std::sort(told.begin(), told.end());
  EXPECT_EQ(told, (std::vector<std::string>{"cleo, who is known", "dora, who is known"}));
}

struct Flags : BroadcastProcessFunction<std::int64_t, Rule, std::int64_t> {
  BroadcastState<std::int64_t, std::int64_t> rules{this, "rules"};
  void ProcessElement(std::int64_t n, Context&, Collector<std::int64_t>& out) {
    out.Emit(rules.Contains(n) ? *rules.Get(n) : -1);
  }
  void ProcessBroadcastElement(const Rule& r, BroadcastContext& ctx, auto&) {
    Apply(r, ctx, rules);
  }
};

TEST(Broadcast, AFunctionWithoutKeyEqualsTheModel) {
  for (const std::uint64_t seed : test_support::Seeds(1, 200)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    auto h = testing::BroadcastHarness(Flags{});
    std::map<std::int64_t, std::int64_t> rules;
    std::vector<std::int64_t> want;
    for (int i = 0; i < 100; ++i) {
      if (random.Chance(0.4)) {
        const Rule r{random.Between(0, 5), random.Between(0, 3), random.Between(1, 60)};
        h.PushTo<1>(r, testing::At(i));
        Apply(r, &rules);
      } else {
        const std::int64_t n = random.Between(0, 5);
        h.PushTo<0>(n, testing::At(i));
        want.push_back(rules.contains(n) ? rules[n] : -1);
      }
    }
    EXPECT_EQ(h.TakeRecords(), want);
  }
}

struct KeyedOnTheWrongSide : Limits {
  void ProcessBroadcastElement(const Rule&, BroadcastContext&, Collector<std::string>& out) {
    out.Emit(std::to_string(spent.Get()));
  }
};

TEST(Broadcast, KeyedStateWithoutAKeyIsAnErrorThatSaysSo) {
  auto h = testing::KeyedBroadcastHarness(&Sale::customer, KeyedOnTheWrongSide{});
  const Status status = testing::StatusOf([&] { h.PushTo<1>({1, 0, 5}, testing::At(1)); });
  EXPECT_NE(status.message().find("there is no key at hand"), std::string::npos) << status;
}

}  // namespace
}  // namespace millrace
