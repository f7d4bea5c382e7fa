// The micro shapes: see ../shared/baseline/README.md for options, columns and methods.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "benchmarks/micro/shapes.h"
#include "benchmarks/support/measure.h"
#include "benchmarks/support/settings.h"

namespace {

using benchmark_support::Outcome;
using benchmark_support::Row;

[[noreturn]] void Usage(const std::string& why) {
  std::string shapes;
  for (const std::string& name : micro::ShapeNames()) shapes += " " + name;
  std::fprintf(stderr,
               "micro: %s\nusage: micro --shapes keyedSum1K,tumbling --records 20M [--parallelism "
               "2] [--splits P]\n"
               "         [--baseline[=only]] [--steps] [-D key=value ...]\nshapes:%s\n",
               why.c_str(), shapes.c_str());
  std::exit(2);
}

struct Options {
  std::vector<std::string> shapes;
  std::int64_t records = 20000000;
  int parallelism = 2;
  int splits = 0;  // 0: as many as the parallelism
  bool engine = true, baseline = false;
  bool steps = false;  // the longest step: two readings of the thread's CPU clock a step
  std::vector<std::string> settings;
};

Options Parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i], value;
    if (flag == "--baseline" || flag == "--baseline=only") {
      o.baseline = true;
      o.engine = flag == "--baseline";
      continue;
    }
    if (flag == "--steps") {
      o.steps = true;
      o.settings.emplace_back("steps=measured");
      continue;
    }
    if (const std::size_t eq = flag.find('='); flag.starts_with("--") && eq != std::string::npos) {
      value = flag.substr(eq + 1);
      flag.resize(eq);
    } else {
      if (i + 1 >= argc) Usage(flag + " needs a value");
      value = argv[++i];
    }
    if (flag == "--shapes") {
      std::istringstream in(value);
      for (std::string shape; std::getline(in, shape, ',');) o.shapes.push_back(shape);
    } else if (flag == "--records") {
      o.records = benchmark_support::ParseNumber("micro", value);
    } else if (flag == "--parallelism") {
      o.parallelism = static_cast<int>(benchmark_support::ParseNumber("micro", value));
    } else if (flag == "--splits") {
      o.splits = static_cast<int>(benchmark_support::ParseNumber("micro", value));
    } else if (flag == "-D") {
      o.settings.push_back(value);
    } else {
      Usage("unknown option " + flag);
    }
  }
  if (o.shapes.empty()) Usage("--shapes is missing");
  if (o.splits == 0) o.splits = o.parallelism;
  return o;
}

Outcome RunEngine(const Options& o, const std::string& shape) {
  millrace::StreamEnvironment env;
  env.SetParallelism(o.parallelism);
  benchmark_support::Apply(o.settings, env);
  if (!micro::BuildShape(shape, o.records, o.splits, env)) Usage("unknown shape '" + shape + "'");
  const millrace::JobResult result = env.Run("micro " + shape);
  if (!result.status.ok()) {
    std::fprintf(stderr, "micro: %s failed: %s\n", shape.c_str(), result.status.ToString().c_str());
    std::exit(result.status.code() == millrace::StatusCode::kInvalidArgument ? 2 : 1);
  }
  Outcome outcome;
  for (const millrace::VertexReport& v : result.vertices) {
    outcome.longest_step_cpu_ms = std::max(outcome.longest_step_cpu_ms, v.longest_step_cpu * 1e3);
    outcome.longest_step_ms = std::max(outcome.longest_step_ms, v.longest_step * 1e3);
  }
  return outcome;
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = Parse(argc, argv);
  micro::Lines();
  const auto more = o.steps ? benchmark_support::More::kSteps : benchmark_support::More::kNone;
  benchmark_support::PrintHeader(more);
  for (const std::string& shape : o.shapes) {
    // wordCount: what is counted are words.
    const std::int64_t events = o.records * (shape == "wordCount" ? 10 : 1);
    Row hand{shape, "handwritten", 1, events, {}};
    if (o.baseline) {
      hand.measured = benchmark_support::MeasureInChild([&] {
        if (!micro::RunByHand(shape, o.records)) Usage("unknown shape '" + shape + "'");
        return Outcome{};
      });
      if (!hand.measured.ok) return std::max(hand.measured.exit_code, 1);
    }
    if (!o.engine) {
      benchmark_support::PrintRow(hand, 0, hand.ns(), more);
      continue;
    }
    Row engine{shape, "engine", o.parallelism, events, {}};
    engine.measured = benchmark_support::MeasureInChild([&] { return RunEngine(o, shape); });
    if (!engine.measured.ok) return std::max(engine.measured.exit_code, 1);
    benchmark_support::PrintRow(engine, 0, o.baseline ? hand.ns() : 0, more);
    if (o.baseline) benchmark_support::PrintRow(hand, 0, hand.ns(), more);
  }
  return 0;
}
