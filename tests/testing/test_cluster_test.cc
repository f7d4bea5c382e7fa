// The test kit's local cluster: whole jobs under both drivers.
#include "millrace/testing/test_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "millrace/testing/testing.h"

namespace millrace {
namespace {

using namespace std::chrono_literals;

struct Word {
  std::string text;
  std::int64_t count = 0;
};
MILLRACE_RECORD(Word, text, count);

auto CountWords(StreamEnvironment& env) {
  std::vector<Word> words;
  for (int i = 0; i < 100; ++i) words.push_back({"word " + std::to_string(i % 3), 1});
  return env.FromCollection("words", words)
      .KeyBy(&Word::text)
      .Reduce("count",
              [](const Word& a, const Word& b) { return Word{a.text, a.count + b.count}; });
}

TEST(TestCluster, GivesTheSameRecordsUnderBothDrivers) {
  for (const testing::TestCluster& driver : testing::TestCluster::BothDrivers(7)) {
    const testing::TestCluster cluster = driver.Parallelism(2).Option("exchange", "serialized");
    SCOPED_TRACE(cluster.ToString());
    const Result<std::vector<Word>> counted = cluster.Collect(CountWords);
    ASSERT_TRUE(counted.ok()) << counted.status().ToString();
    ASSERT_EQ(counted.value().size(), 100u);
    std::int64_t most = 0;
    for (const Word& w : counted.value()) most = std::max(most, w.count);
    EXPECT_EQ(most, 34);
  }
}

TEST(TestCluster, ASeededRunIsRepeatable) {
  const testing::TestCluster cluster = testing::TestCluster::Seeded(3).Parallelism(3);
  EXPECT_EQ(cluster.ToString(), "driver=seeded seed=3 parallelism=3");
  const auto order = [&] {
    std::vector<std::string> texts;
    const auto words = cluster.Collect(CountWords);
    for (const Word& w : words.value()) texts.push_back(w.text + " " + std::to_string(w.count));
    return texts;
  };
  EXPECT_EQ(order(), order());
}

// The driver draws how many rows a step has: with one, a step does not get round the splits.
TEST(TestCluster, ASeededRunWaitsWhateverItsStepsAre) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto numbers = testing::TestCluster::Seeded(seed).Collect([](StreamEnvironment& env) {
      return env.FromSource("paced",
                            Generate([](std::int64_t i) { return i; }).Count(7).Rate(2).Splits(3));
    });
    ASSERT_TRUE(numbers.ok()) << numbers.status().ToString();
    EXPECT_EQ(numbers.value().size(), 7u);
  }
}

TEST(TestCluster, ErrorsOfThePlanAndOfTheJobAreTheStatus) {
  for (const testing::TestCluster& cluster : testing::TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    const auto failed = cluster.Collect([](StreamEnvironment& env) {
      return env.FromCollection("numbers", std::vector<int>{1, 2}).Map([](int n) -> int {
        if (n == 2) throw std::runtime_error("two");
        return n;
      });
    });
    EXPECT_EQ(failed.status().code(), StatusCode::kAborted);
    EXPECT_NE(failed.status().message().find("std::runtime_error: two in step 'Map', record 2"),
              std::string::npos)
        << failed.status().message();
    const auto refused = cluster.Option("drivr", "threads").Collect(CountWords);
    EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
    EXPECT_NE(refused.status().message().find("did you mean driver"), std::string::npos)
        << refused.status().message();
  }
}

TEST(TestCluster, RunsJobsWithSeveralSinks) {
  for (const testing::TestCluster& cluster : testing::TestCluster::BothDrivers()) {
    SCOPED_TRACE(cluster.ToString());
    CollectSink<Word> all;
    CollectSink<Word> last;
    const JobResult result = cluster.Run([&](StreamEnvironment& env) {
      auto counted = CountWords(env);
      counted.SinkTo("all", all);
      counted.Filter([](const Word& w) { return w.count == 34; }).SinkTo("last", last);
    });
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    EXPECT_EQ(all.rows().size(), 100u);
    EXPECT_EQ(last.rows().size(), 1u);
  }
}

}  // namespace
}  // namespace millrace
