// Checkpoints at least once: whatever dies, no record is lost, and some come again; nothing waits for a barrier.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "millrace/graph/checkpoint_report.h"
#include "millrace/millrace.h"
#include "millrace/testing/test_cluster.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "tests/chaos/oracle_sink.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using chaos::Oracle;
using chaos::OracleSink;

constexpr std::int64_t kRecords = 600, kKeys = 7;

/// Says how many records of its key have come.
struct Counting : KeyedProcessFunction<std::int64_t, std::int64_t, std::string> {
  ValueState<std::int64_t> count{this, "count"};
  void ProcessElement(const std::int64_t& number, Context& ctx, Collector<std::string>& out) {
    count.Mutable() += 1;
    out.Emit("record " + std::to_string(number));
    out.Emit("key " + std::to_string(ctx.Key()) + " has " + std::to_string(count.Get()));
  }
};

/// Two sources whose barriers come to the counting subtasks at different times.
void Build(StreamEnvironment& env, Oracle* oracle) {
  std::vector<std::int64_t> odd, even;
  for (std::int64_t n = 0; n < kRecords; ++n) (n % 2 == 0 ? even : odd).push_back(n);
  auto slow =
      env.FromCollection("odd", std::move(odd)).Rebalance().Map([](std::int64_t n) { return n; });
  env.FromCollection("even", std::move(even))
      .Union(slow)
      .KeyBy([](std::int64_t n) { return n % kKeys; })
      .Process("count", Counting{})
      .SinkTo("oracle", OracleSink(oracle));
}

std::int64_t RecordsOf(std::int64_t key) {
  return (kRecords - key + kKeys - 1) / kKeys;
}

TEST(AtLeastOnce, NoRecordIsLostAndSomeComeAgain) {
  std::uint64_t deaths = 0, restored = 0, counted_again = 0;
  for (const std::uint64_t seed : test_support::Seeds(1, 60)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    MemoryFileSystem files(seed);
    RegisterFileSystem("memory", &files);
    Oracle oracle;
    for (int run = 0;; ++run) {
      auto cluster =
          testing::TestCluster::Seeded(random.Uniform(1 << 30))
              .Parallelism(2)
              .Option("batch.rows", std::to_string(1 + random.Uniform(20)))
              .Option("test.run", "r" + std::to_string(run))
              .Option("checkpoint.dir", "memory://chk")
              .Option("checkpoint.interval", "1ms")
              .Option("checkpoint.mode", "at-least-once")
              .Option("checkpoint.max-concurrent", std::to_string(1 + random.Uniform(2)));
      const auto manifests = ListManifests(files, "chk");
      if (manifests.ok() && !manifests.value().empty()) cluster = cluster.Restore("memory://chk");
      if (run < 10) cluster = cluster.Option("test.crash", std::to_string(1 + random.Uniform(600)));
      const JobResult result = cluster.Run([&](StreamEnvironment& env) { Build(env, &oracle); });
      if (result.checkpoints != nullptr && result.checkpoints->restored > 0) ++restored;
      if (result.status.ok()) break;
      ASSERT_NE(result.status.message().find("test.crash"), std::string::npos) << result.status;
      ++deaths;
      files.Crash();
    }
    RegisterFileSystem("memory", nullptr);
    for (std::int64_t n = 0; n < kRecords; ++n)
      ASSERT_EQ(oracle.rows().count("record " + std::to_string(n)), 1U) << "record " << n;
    for (std::int64_t key = 0; key < kKeys; ++key) {
      const std::string has = "key " + std::to_string(key) + " has ";
      ASSERT_EQ(oracle.rows().count(has + std::to_string(RecordsOf(key))), 1U) << has;
      counted_again += oracle.rows().count(has + std::to_string(RecordsOf(key) + 1));
    }
  }
  if (deaths < 100) return;  // one seed that is looked into
  EXPECT_GT(restored, deaths / 3);
  EXPECT_GT(counted_again, 0U) << "this was exactly once";
}

}  // namespace
}  // namespace millrace
