// Every pair of settings against the oracle, for hours of CI in the night: MILLRACE_NIGHTLY=1. What has passed is noted in
// MILLRACE_NIGHTLY_STATE, if given, and not run again; after MILLRACE_NIGHTLY_MINUTES (40) the rest is left.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "benchmarks/nexmark/queries.h"
#include "millrace/base/random.h"
#include "tests/e2e/expected.h"
#include "tests/e2e/job_process.h"
#include "tests/support/pairs.h"

namespace nexmark {
namespace {

const std::vector<std::string> kFiles = {"expected_100K_tps2K.csv", "expected_500K_tps1K.csv",
                                         "expected_1M.csv", "expected_3M.csv"};
const std::vector<std::string> kExchanges = {"local", "serialized"};
const std::vector<std::string> kIsolated = {"", " --isolated"};
const std::vector<std::string> kBatchRows = {"1", "7", "64", "512", "2048"};
const std::vector<std::string> kParallelism = {"1", "2", "4"};
constexpr std::size_t kSeeds = 10;

std::string Variable(const char* name, const std::string& otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : text;
}

struct Settings {
  std::size_t file = 0;
  std::string options;
};

std::string Common(const std::vector<std::size_t>& row) {
  return " -D exchange=" + kExchanges[row[1]] + kIsolated[row[2]] +
         " -D batch.rows=" + kBatchRows[row[3]] + " --parallelism " + kParallelism[row[4]];
}

// The seeded driver steps slowly: it gets the shortest input and, among the settings, its ten seeds.
std::vector<Settings> Runs(std::uint64_t seed) {
  millrace::Random random(seed);
  std::vector<std::string> seeds;
  for (std::size_t i = 0; i < kSeeds; ++i)
    seeds.push_back(std::to_string(random.Uniform(1u << 30)));
  std::printf("settings are drawn from MILLRACE_SEED=%" PRIu64 "; seeds of the stepping order:",
              seed);
  for (const std::string& s : seeds) std::printf(" %s", s.c_str());
  std::printf("\n");
  std::vector<std::size_t> sizes{kSeeds, kExchanges.size(), kIsolated.size(), kBatchRows.size(),
                                 kParallelism.size()};
  std::vector<Settings> runs;
  for (const auto& row : millrace::test_support::CoverPairs(sizes, random))
    runs.push_back({0, " -D driver=seeded -D seed=" + seeds[row[0]] + Common(row)});
  sizes[0] = kFiles.size();
  for (const auto& row : millrace::test_support::CoverPairs(sizes, random))
    runs.push_back({row[0], " -D driver=threads" + Common(row)});
  return runs;
}

// The file that remembers: the seed, then a line per run that has passed.
class Notes {
 public:
  Notes() : path_(Variable("MILLRACE_NIGHTLY_STATE", "")) {
    std::ifstream in(path_);
    std::string line;
    if (std::getline(in, line)) seed_ = std::stoull(line);
    while (std::getline(in, line)) done_.insert(line);
    if (seed_ == 0) {
      seed_ = std::stoull(Variable("MILLRACE_SEED", "0"));
      if (seed_ == 0) seed_ = std::random_device{}();
      if (!path_.empty()) std::ofstream(path_) << seed_ << "\n";
    }
  }
  std::uint64_t seed() const { return seed_; }
  bool Has(const std::string& run) const { return done_.contains(run); }
  void Add(const std::string& run) {
    if (!path_.empty()) std::ofstream(path_, std::ios::app) << run << "\n";
  }

 private:
  std::string path_;
  std::uint64_t seed_ = 0;
  std::set<std::string> done_;
};

bool Exists(const std::string& query) {
  millrace::StreamEnvironment env;
  return BuildQuery(query, QueryConfig{}, env, CheckSink{});
}

TEST(NexmarkNightly, EveryPairOfSettings) {
  if (Variable("MILLRACE_NIGHTLY", "") != "1") GTEST_SKIP() << "runs with MILLRACE_NIGHTLY=1";
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::minutes(std::stoi(Variable("MILLRACE_NIGHTLY_MINUTES", "40")));
  Notes notes;
  const std::vector<Settings> runs = Runs(notes.seed());
  std::map<std::string, std::vector<Expected>> expected;
  std::size_t all = 0, ran = 0, left = 0;
  for (const std::string& file : kFiles) {
    for (const Expected& e : ReadExpected(file)) {
      if (Exists(e.query)) expected[e.query].push_back(e);
    }
    if (HasFailure()) return;
  }
  for (const auto& [query, of_file] : expected) {
    ASSERT_EQ(of_file.size(), kFiles.size()) << query;
    for (const Settings& run : runs) {
      const Expected& e = of_file[run.file];
      const std::string command = "NEXMARK='" + query + " " + std::to_string(e.events) + " " +
                                  std::to_string(e.tps) + "' timeout 300 " + NEXMARK_JOB +
                                  run.options;
      ++all;
      if (notes.Has(command)) continue;
      if (std::chrono::steady_clock::now() > end) {
        ++left;
        continue;
      }
      ++ran;
      const Printed p = Execute(command);
      EXPECT_EQ(p.code, 0) << command << "\n" << p.text;
      EXPECT_EQ(p.rows + " " + p.checksum, e.rows + " " + e.checksum) << command;
      if (p.code == 0 && p.rows == e.rows && p.checksum == e.checksum) notes.Add(command);
    }
  }
  std::printf("nightly results: %zu runs of %zu queries, %zu run now, %zu left\n", all,
              expected.size(), ran, left);
  EXPECT_EQ(expected.size(), 15u);
}

TEST(CoverPairs, EveryPairIsThereAndFewAreThereTwice) {
  millrace::Random random(7);
  const std::vector<std::size_t> sizes{10, 2, 2, 4, 3};
  const auto rows = millrace::test_support::CoverPairs(sizes, random);
  for (std::size_t a = 0; a < sizes.size(); ++a) {
    for (std::size_t b = a + 1; b < sizes.size(); ++b) {
      std::set<std::pair<std::size_t, std::size_t>> met;
      for (const auto& row : rows) met.emplace(row[a], row[b]);
      EXPECT_EQ(met.size(), sizes[a] * sizes[b]) << a << " " << b;
    }
  }
  EXPECT_LE(rows.size(), 50u);  // 40 are needed for the first and the fourth setting
}

}  // namespace
}  // namespace nexmark
