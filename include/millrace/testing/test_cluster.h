#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "millrace/api/environment.h"

namespace millrace::testing {

/// The local cluster, for whole jobs: settings under which a job that the test builds is run, in this process.
///
///   for (const testing::TestCluster& cluster : testing::TestCluster::BothDrivers()) {
///     SCOPED_TRACE(cluster.ToString());
///     const auto words = cluster.Collect([](StreamEnvironment& env) {
///       return env.FromCollection("lines", lines).FlatMap(Split).KeyBy(&Word::text).Aggregate("count", Count());
///     });
///     ASSERT_TRUE(words.ok()) << words.status().ToString();
///   }
///
/// With parallelism over 1 the records come in no particular order.
class TestCluster {
 public:
  /// A thread per slot on the machine's clock, as in production. Runs differ in their interleaving.
  static TestCluster Threads() { return TestCluster("threads", 0); }
  /// One thread that steps all tasks in an order drawn from `seed`, on a manual clock that jumps over waiting: a run is
  /// repeatable, and an hour of processing time passes in no time.
  static TestCluster Seeded(std::uint64_t seed) { return TestCluster("seeded", seed); }
  static std::vector<TestCluster> BothDrivers(std::uint64_t seed = 1) {
    return {Threads(), Seeded(seed)};
  }

  /// Subtasks of operators that set none; default 1.
  TestCluster Parallelism(int parallelism) const {
    TestCluster other = *this;
    other.parallelism_ = parallelism;
    return other;
  }
  /// An option as `-D key=value` would set it, e.g. `.Option("exchange", "serialized")`.
  TestCluster Option(std::string key, std::string value) const {
    TestCluster other = *this;
    other.options_.emplace_back(std::move(key), std::move(value));
    return other;
  }

  /// Begins with a checkpoint, as --restore does.
  TestCluster Restore(std::string path) const {
    TestCluster other = *this;
    other.restore_ = std::move(path);
    return other;
  }

  /// Runs the job of which `build(StreamEnvironment&)` gives a stream, and collects the stream's records.
  /// The error is that of the plan (INVALID_ARGUMENT) or of the job (ABORTED: operator, subtask, what was thrown).
  template <class Build>
  auto Collect(Build build) const {
    StreamEnvironment env;
    Prepare(env);
    auto stream = build(env);
    return std::move(stream).ExecuteAndCollect("test");
  }
  /// Runs the job that `build(StreamEnvironment&)` puts together, sinks and all. Use `CollectSink`s for what to look at.
  template <class Build>
  JobResult Run(Build build) const {
    StreamEnvironment env;
    Prepare(env);
    build(env);
    return env.Run("test");
  }

  /// E.g. "driver=seeded seed=7 parallelism=2", for SCOPED_TRACE.
  std::string ToString() const {
    std::string text = "driver=" + driver_;
    if (driver_ == "seeded") text += " seed=" + std::to_string(seed_);
    text += " parallelism=" + std::to_string(parallelism_);
    for (const auto& [key, value] : options_) text += " " + key + "=" + value;
    return text;
  }

 private:
  TestCluster(std::string driver, std::uint64_t seed) : driver_(std::move(driver)), seed_(seed) {}
  void Prepare(StreamEnvironment& env) const {
    env.SetOption("driver", driver_);
    env.SetOption("seed", std::to_string(seed_));
    env.SetParallelism(parallelism_);
    for (const auto& [key, value] : options_) env.SetOption(key, value);
    if (!restore_.empty()) env.RestoreFrom(restore_);
  }

  std::string driver_;
  std::uint64_t seed_;
  int parallelism_ = 1;
  std::string restore_;
  std::vector<std::pair<std::string, std::string>> options_;
};

}  // namespace millrace::testing
