#include "tests/chaos/runner/exactness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "tests/chaos/runner/job_rules.h"
#include "tests/support/seeds.h"

namespace millrace::chaos {
namespace {

struct Line {
  std::string row;
  RowPlace place;
};

Verdict Judge(const std::vector<Line>& expected, const std::vector<Line>& seen,
              const std::string& job) {
  const RowRules rules = *RulesOf(job);
  RowSet want, have;
  for (const Line& line : expected) want.Add(line.row, line.place, rules);
  for (const Line& line : seen) have.Add(line.row, line.place, rules);
  return Compare(want, have, rules);
}

std::string Counts(const Verdict& v) {
  return std::to_string(v.lost) + " " + std::to_string(v.duplicated) + " " +
         std::to_string(v.out_of_order);
}

/// Two keys in two subtasks; two runs, the second at another parallelism.
std::vector<Line> Counters() {
  return {{"seen|1|1|0", {0, 0, 0, 0}}, {"seen|1|2|0", {0, 0, 0, 1}}, {"seen|1|3|0", {0, 0, 1, 0}},
          {"seen|2|1|0", {0, 1, 0, 0}}, {"seen|1|4|0", {1, 3, 0, 0}}, {"seen|2|2|0", {1, 0, 0, 0}},
          {"pair|8|2|9", {0, 0, 0, 7}}};
}

TEST(Exactness, TheSameRowsAreExactWhereverTheyStandInOrder) {
  EXPECT_EQ(Counts(Judge(Counters(), Counters(), "all_features")), "0 0 0");
}

TEST(Exactness, ALostRowAndOneThatIsThereTwice) {
  std::vector<Line> seen = Counters();
  seen.erase(seen.begin() + 1);
  EXPECT_EQ(Counts(Judge(Counters(), seen, "all_features")), "1 0 0");
  seen = Counters();
  seen.push_back({"pair|8|2|9", {1, 0, 0, 8}});
  EXPECT_EQ(Counts(Judge(Counters(), seen, "all_features")), "0 1 0");
  seen[6].row = "pair|8|2|10";
  const Verdict changed = Judge(Counters(), seen, "all_features");
  EXPECT_EQ(Counts(changed), "0 1 0") << "one is as it should be, one is no row at all";
  EXPECT_EQ(changed.duplicated_rows, std::vector<std::uint64_t>{HashOfRow("pair|8|2|10")});
}

TEST(Exactness, AKeysRowsDoNotDescendInAFileAcrossFilesAndAcrossRuns) {
  for (const auto& [a, b] : {std::pair{0, 1}, std::pair{1, 2}, std::pair{2, 4}, std::pair{3, 5}}) {
    std::vector<Line> seen = Counters();
    std::swap(seen[static_cast<std::size_t>(a)].place, seen[static_cast<std::size_t>(b)].place);
    EXPECT_EQ(Counts(Judge(Counters(), seen, "all_features")).substr(0, 4), "0 0 ");
    EXPECT_FALSE(Judge(Counters(), seen, "all_features").exact()) << a << " and " << b;
  }
  std::vector<Line> seen = Counters();
  seen[6].place = {0, 0, 0, -1};  // claims nothing
  EXPECT_TRUE(Judge(Counters(), seen, "all_features").exact());
}

TEST(Exactness, AKeyIsOneSubtasksInARun) {
  std::vector<Line> seen = Counters();
  seen[2].place.subtask = 1;
  EXPECT_EQ(Counts(Judge(Counters(), seen, "all_features")), "0 0 1");
}

TEST(Exactness, OfUpdatesTheLastOneAndTheirNumberCount) {
  const std::vector<Line> expected = {
      {"7\t7|10", {0, 0, 0, 0}}, {"7\t7|12", {0, 0, 0, 1}}, {"8\t8|1", {0, 0, 0, 2}}};
  std::vector<Line> seen = expected;
  seen[0].row = "7\t7|11";
  EXPECT_TRUE(Judge(expected, seen, "q4").exact());
  std::swap(seen[0].place, seen[1].place);
  EXPECT_EQ(Counts(Judge(expected, seen, "q4")), "0 0 1");
  seen.push_back({"7\t7|12", {0, 0, 0, 3}});
  EXPECT_EQ(Counts(Judge(expected, seen, "q4")), "0 1 0");
  seen.erase(seen.begin() + 2);
  EXPECT_EQ(Counts(Judge(expected, seen, "q4")), "1 1 0");
}

TEST(Exactness, TheClaimsOfQueries) {
  EXPECT_EQ(RulesOf("q17")->claim("5|19000\t5|2022-01-08|17|1|2|3").value().position, 17);
  EXPECT_EQ(RulesOf("q11")->claim("5|3|1000|12000").value().position, 1000);
  EXPECT_EQ(RulesOf("q8")->claim("5|Ann B|2000").value().position, 2000);
  EXPECT_NE(RulesOf("q8")->claim("5|Ann B|2000")->key, RulesOf("q8")->claim("6|Ann B|2000")->key);
  EXPECT_FALSE(RulesOf("q9")->claim);
  EXPECT_FALSE(RulesOf("q10").has_value());
  const auto split = [](const char* row) { return RulesOf("all_features")->claim(row)->key; };
  EXPECT_EQ(split("passed|5|4|0"), split("passed|5|7|0"));
  EXPECT_NE(split("passed|5|4|0"), split("passed|5|5|0")) << "another split";
}

/// Rows of a few texts, some of them taken away and some added, against counts.
TEST(Exactness, AgreesWithCountsOfEachRow) {
  for (const std::uint64_t seed : test_support::Seeds(1, 200)) {
    Random random(seed);
    std::vector<Line> expected, seen;
    std::map<std::string, std::int64_t> missing;
    for (std::uint64_t i = random.Uniform(200); i > 0; --i) {
      const std::string row = "pair|" + std::to_string(random.Uniform(20)) + "|0|0";
      if (random.Chance(0.9)) ++missing[row], expected.push_back({row, {}});
      if (random.Chance(0.9)) --missing[row], seen.push_back({row, {}});
    }
    std::int64_t lost = 0, duplicated = 0;
    for (const auto& [row, count] : missing) {
      lost += std::max<std::int64_t>(count, 0);
      duplicated += std::max<std::int64_t>(-count, 0);
    }
    const Verdict v = Judge(expected, seen, "all_features");
    ASSERT_EQ(v.lost, lost);
    ASSERT_EQ(v.duplicated, duplicated);
  }
}

}  // namespace
}  // namespace millrace::chaos
