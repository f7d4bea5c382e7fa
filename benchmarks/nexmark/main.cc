// The Nexmark program: see ../shared/baseline/README.md for options, columns and methods.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/nexmark/handwritten.h"
#include "benchmarks/nexmark/queries.h"
#include "benchmarks/support/checkpoint_folder.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/settings.h"
#include "millrace/graph/checkpoint_report.h"

namespace {

using benchmark_support::Outcome;
using benchmark_support::Row;

struct Options {
  std::vector<std::string> queries;
  nexmark::QueryConfig config;
  int parallelism = 1;
  bool check = false;
  bool engine = true, baseline = false;
  std::string check_file;
  std::vector<std::string> settings;  // -D key=value
  std::string checkpoint_interval;    // empty: none are taken
};

[[noreturn]] void Usage(const std::string& why) {
  std::fprintf(
      stderr,
      "nexmark: %s\nusage: nexmark --queries q0,q5|gen [--events 1M] [--tps 100K] [--seeds "
      "42,43,44]\n"
      "         [--splits 1] [--parallelism 1] [--baseline[=only]] [--check[=FILE]]\n"
      "         [--rate EVENTS_A_SECOND_AND_SPLIT] [--checkpoint-interval 1s] [-D key=value ...]\n",
      why.c_str());
  std::exit(2);
}

std::int64_t Number(const std::string& text) {
  return benchmark_support::ParseNumber("nexmark", text);
}

std::vector<std::string> List(const std::string& text) {
  std::vector<std::string> items;
  std::istringstream in(text);
  for (std::string item; std::getline(in, item, ',');) items.push_back(item);
  return items;
}

Options Parse(int argc, char** argv) {
  Options o;
  o.config.generator.max_events = 1000000;
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i];
    std::string value;
    const std::size_t eq = flag.find('=');
    const bool inline_value = flag.starts_with("--") && eq != std::string::npos;
    if (inline_value) {
      value = flag.substr(eq + 1);
      flag = flag.substr(0, eq);
    }
    if (flag == "--check") {
      o.check = true;
      o.check_file = value;
      continue;
    }
    if (flag == "--baseline") {
      o.baseline = true;
      o.engine = value != "only";
      continue;
    }
    if (!inline_value) {
      if (i + 1 >= argc) Usage(flag + " needs a value");
      value = argv[++i];
    }
    if (flag == "--queries") {
      o.queries = List(value);
    } else if (flag == "--events") {
      o.config.generator.max_events = Number(value);
    } else if (flag == "--tps") {
      o.config.generator.tps = Number(value);
    } else if (flag == "--splits") {
      o.config.splits = static_cast<int>(Number(value));
    } else if (flag == "--parallelism") {
      o.parallelism = static_cast<int>(Number(value));
    } else if (flag == "--seeds") {
      const auto seeds = List(value);
      if (seeds.size() != 3) Usage("--seeds needs three numbers");
      o.config.generator.seed_gen = std::strtoull(seeds[0].c_str(), nullptr, 10);
      o.config.generator.seed_bid = std::strtoull(seeds[1].c_str(), nullptr, 10);
      o.config.generator.seed_str = std::strtoull(seeds[2].c_str(), nullptr, 10);
    } else if (flag == "--rate") {
      o.config.pace.rate = static_cast<double>(Number(value));
    } else if (flag == "--backend") {
      if (value != "heap") Usage("backend '" + value + "' does not exist yet (known: heap)");
    } else if (flag == "--checkpoint-interval") {
      o.checkpoint_interval = value;
    } else if (flag == "-D") {
      o.settings.push_back(value);
    } else {
      Usage("unknown option " + flag);
    }
  }
  if (o.queries.empty()) Usage("--queries is missing");
  return o;
}

// The generator alone: every event is made, two of its numbers are looked at.
void RunGenerator(const nexmark::QueryConfig& config) {
  volatile std::int64_t seen = 0;
  for (int s = 0; s < config.splits; ++s) {
    nexmark::Generator g(nexmark::GeneratorConfig::Split(config.generator, config.splits, s));
    while (g.HasNext()) {
      const nexmark::Event& e = g.Next();
      seen = e.time + e.price;
    }
  }
  (void)seen;
}

Outcome RunEngine(const Options& o, const std::string& query) {
  millrace::StreamEnvironment env;
  env.SetParallelism(o.parallelism);
  std::vector<std::string> settings = o.settings;
  std::optional<benchmark_support::CheckpointFolder> folder;
  if (!o.checkpoint_interval.empty()) {
    for (std::string& s : folder.emplace().Settings(o.checkpoint_interval))
      settings.push_back(std::move(s));
    settings.push_back("checkpoint.history=100000");
  }
  benchmark_support::Apply(settings, env);
  nexmark::CheckSink check;
  const bool known = o.check ? nexmark::BuildQuery(query, o.config, env, check)
                             : nexmark::BuildQuery(query, o.config, env, nexmark::RingSink{});
  if (!known) Usage("unknown query '" + query + "'");
  const millrace::JobResult result = env.Run("nexmark " + query);
  if (!result.status.ok()) {
    std::fprintf(stderr, "nexmark: %s failed: %s\n", query.c_str(),
                 result.status.ToString().c_str());
    std::exit(result.status.code() == millrace::StatusCode::kInvalidArgument ? 2 : 1);
  }
  Outcome outcome;
  if (result.checkpoints != nullptr) {
    for (const auto& report : result.checkpoints->recent)
      outcome.checkpoint_mb += static_cast<double>(report.bytes()) / 1e6;
  }
  if (!o.check) return outcome;
  outcome.rows = std::to_string(check.shared->table.rows());
  outcome.checksum = check.shared->table.checksum();
  return outcome;
}

// 0 equal, 1 different, 2 no such row.
int Compare(const Options& o, const std::string& query, const std::string& rows,
            const std::string& checksum) {
  std::ifstream in(o.check_file);
  if (!in) Usage("can't read " + o.check_file);
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> header = List(line);
  std::size_t column[5];
  constexpr const char* kNames[] = {"query", "events", "tps", "rows", "checksum"};
  for (std::size_t i = 0; i < 5; ++i) {
    const auto at = std::find(header.begin(), header.end(), kNames[i]);
    if (at == header.end()) Usage(o.check_file + " has no column " + kNames[i]);
    column[i] = static_cast<std::size_t>(at - header.begin());
  }
  while (std::getline(in, line)) {
    auto f = List(line);
    f.resize(header.size());
    if (f[column[0]] != query || f[column[1]] != std::to_string(o.config.generator.max_events) ||
        f[column[2]] != std::to_string(o.config.generator.tps)) {
      continue;
    }
    const std::string& want_rows = f[column[3]];
    const std::string& want = f[column[4]];
    if (want_rows == rows && want == checksum) return 0;
    std::fprintf(stderr, "nexmark: %s: %s rows %s, expected %s rows %s\n", query.c_str(),
                 rows.c_str(), checksum.c_str(), want_rows.c_str(), want.c_str());
    return 1;
  }
  std::fprintf(stderr, "nexmark: %s has no row for %s\n", o.check_file.c_str(), query.c_str());
  return 2;
}

Outcome RunHand(const Options& o, const std::string& query) {
  const auto config = nexmark::GeneratorConfig::Split(o.config.generator, 1, 0);
  if (!o.check) {
    auto out = nexmark::RingSink{}.CreateWriter({});
    if (!nexmark::RunByHand(query, config, out)) Usage("no hand-written loop for '" + query + "'");
    return {};
  }
  nexmark::CheckSink check;
  auto out = check.CreateWriter({});
  if (!nexmark::RunByHand(query, config, out)) Usage("no hand-written loop for '" + query + "'");
  out.Close();
  return {std::to_string(check.shared->table.rows()), check.shared->table.checksum()};
}

Row Measure(const Options& o, const std::string& query, const std::string& variant,
            const std::function<Outcome()>& work) {
  return {query, variant, variant == "engine" ? o.parallelism : 1, o.config.generator.max_events,
          benchmark_support::MeasureInChild(work)};
}

benchmark_support::More MoreOf(const Options& o) {
  return o.checkpoint_interval.empty() ? benchmark_support::More::kNone
                                       : benchmark_support::More::kCheckpoints;
}

// One query: exit code 0, or 1 for a failure or a difference, or 2 without an expected row.
int RunQuery(const Options& o, const std::string& query, double generator_ns) {
  Row hand;
  if (o.baseline) {
    if (o.config.splits != 1) Usage("--baseline goes with one split");
    hand = Measure(o, query, "handwritten", [&] { return RunHand(o, query); });
    if (!hand.measured.ok) return hand.measured.exit_code;
    if (!o.engine) {
      benchmark_support::PrintRow(hand, generator_ns, hand.ns(), MoreOf(o));
      return 0;
    }
  }
  const Row engine = Measure(o, query, "engine", [&] { return RunEngine(o, query); });
  if (!engine.measured.ok) return std::max(engine.measured.exit_code, 1);
  const double hand_ns = o.baseline ? hand.ns() : 0;
  benchmark_support::PrintRow(engine, generator_ns, hand_ns, MoreOf(o));
  const Outcome& got = engine.measured.outcome;
  int code = o.check_file.empty() ? 0 : Compare(o, query, got.rows, got.checksum);
  if (!o.baseline) return code;
  benchmark_support::PrintRow(hand, generator_ns, hand_ns, MoreOf(o));
  const Outcome& by_hand = hand.measured.outcome;
  if (got.rows != by_hand.rows || got.checksum != by_hand.checksum) {
    std::fprintf(stderr,
                 "nexmark: %s: the engine has %s rows %s, the hand-written loop %s rows %s\n",
                 query.c_str(), got.rows.c_str(), got.checksum.c_str(), by_hand.rows.c_str(),
                 by_hand.checksum.c_str());
    code = std::max(code, 1);
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = Parse(argc, argv);
  // Made once, before the children: it is not what is measured.
  nexmark::Texts::For(o.config.generator.seed_bid, o.config.generator.seed_str);
  benchmark_support::PrintHeader(MoreOf(o));
  double generator_ns = 0;
  const bool gen = std::find(o.queries.begin(), o.queries.end(), "gen") != o.queries.end();
  if (gen || (o.baseline && o.engine)) {
    const Row row = Measure(o, "gen", "handwritten", [&] {
      RunGenerator(o.config);
      return Outcome{};
    });
    if (!row.measured.ok) return 1;
    generator_ns = row.ns();
    if (gen) benchmark_support::PrintRow(row, 0, 0, MoreOf(o));
  }
  int worst = 0;
  for (const std::string& query : o.queries) {
    if (query != "gen") worst = std::max(worst, RunQuery(o, query, generator_ns));
  }
  return worst;
}
