// The Nexmark program: see ../shared/baseline/README.md for options, columns and methods.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "benchmarks/nexmark/queries.h"

namespace {

struct Options {
  std::vector<std::string> queries;
  nexmark::QueryConfig config;
  int parallelism = 1;
  bool check = false;
  std::string check_file;
  std::vector<std::string> settings;  // -D key=value
};

[[noreturn]] void Usage(const std::string& why) {
  std::fprintf(stderr,
               "nexmark: %s\nusage: nexmark --queries q0,q5|gen [--events 1M] [--tps 100K] [--seeds 42,43,44]\n"
               "         [--splits 1] [--parallelism 1] [--check[=FILE]] [-D key=value ...]\n",
               why.c_str());
  std::exit(2);
}

std::int64_t Number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string suffix = end;
  const double factor = suffix.empty() ? 1 : suffix == "K" ? 1e3 : suffix == "M" ? 1e6 : 0;
  if (end == text.c_str() || factor == 0 || value <= 0) Usage("'" + text + "' is not a number such as 500K or 20M");
  return static_cast<std::int64_t>(value * factor);
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
    } else if (flag == "-D") {
      o.settings.push_back(value);
    } else {
      Usage("unknown option " + flag);
    }
  }
  if (o.queries.empty()) Usage("--queries is missing");
  return o;
}

double Seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; }

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

std::string RunEngine(const Options& o, const std::string& query, std::string* rows) {
  millrace::StreamEnvironment env;
  env.SetParallelism(o.parallelism);
  for (const std::string& pair : o.settings) {
    const std::size_t eq = pair.find('=');
    env.SetOption(pair.substr(0, eq), eq == std::string::npos ? "" : pair.substr(eq + 1));
  }
  nexmark::CheckSink check;
  const bool known = o.check ? nexmark::BuildQuery(query, o.config, env, check)
                             : nexmark::BuildQuery(query, o.config, env, nexmark::RingSink{});
  if (!known) Usage("unknown query '" + query + "'");
  const millrace::JobResult result = env.Run("nexmark " + query);
  if (!result.status.ok()) {
    std::fprintf(stderr, "nexmark: %s failed: %s\n", query.c_str(), result.status.ToString().c_str());
    std::exit(1);
  }
  if (!o.check) return "";
  *rows = std::to_string(check.shared->table.rows());
  return check.shared->table.checksum();
}

// 0 equal, 1 different, 2 no such row.
int Compare(const Options& o, const std::string& query, const std::string& rows, const std::string& checksum) {
  std::ifstream in(o.check_file);
  if (!in) Usage("can't read " + o.check_file);
  std::string line;
  while (std::getline(in, line)) {
    const auto f = List(line);
    if (f.size() < 5 || f[0] != query || f[1] != std::to_string(o.config.generator.max_events) ||
        f[2] != std::to_string(o.config.generator.tps)) {
      continue;
    }
    if (f[3] == rows && f[4] == checksum) return 0;
    std::fprintf(stderr, "nexmark: %s: %s rows %s, expected %s rows %s\n", query.c_str(), rows.c_str(),
                 checksum.c_str(), f[3].c_str(), f[4].c_str());
    return 1;
  }
  std::fprintf(stderr, "nexmark: %s has no row for %s\n", o.check_file.c_str(), query.c_str());
  return 2;
}

int RunOne(const Options& o, const std::string& query) {
  timespec began{}, ended{};
  clock_gettime(CLOCK_MONOTONIC, &began);
  std::string rows, checksum;
  if (query == "gen") {
    RunGenerator(o.config);
  } else {
    checksum = RunEngine(o, query, &rows);
  }
  clock_gettime(CLOCK_MONOTONIC, &ended);
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const double wall = static_cast<double>(ended.tv_sec - began.tv_sec) + static_cast<double>(ended.tv_nsec - began.tv_nsec) * 1e-9;
  const double cpu = Seconds(use.ru_utime) + Seconds(use.ru_stime);
  const auto events = static_cast<double>(o.config.generator.max_events);
  std::printf("%s,%s,%d,heap,%lld,%.3f,%.3f,%.0f,%.0f,%.1f,%s,%s,%.2f,,,,\n", query.c_str(),
              query == "gen" ? "handwritten" : "engine", o.parallelism,
              static_cast<long long>(o.config.generator.max_events), wall, cpu / wall, events / wall, events / cpu,
              static_cast<double>(use.ru_maxrss) / 1024, rows.c_str(), checksum.c_str(), cpu / events * 1e9);
  std::fflush(stdout);
  return o.check_file.empty() || query == "gen" ? 0 : Compare(o, query, rows, checksum);
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = Parse(argc, argv);
  std::printf(
      "query,variant,parallelism,backend,events,seconds,cores,events_per_s,events_per_s_per_core,peak_rss_mb,"
      "result_rows,result_checksum,ns_per_event,net_ns_per_event,over_gen,x_hand,net_x_hand\n");
  std::fflush(stdout);
  int worst = 0;
  for (const std::string& query : o.queries) {  // a process of its own each
    const pid_t child = fork();
    if (child == 0) {
      const int code = RunOne(o, query);
      std::fflush(stdout);
      _exit(code);
    }
    int status = 0;
    waitpid(child, &status, 0);
    worst = std::max(worst, WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  }
  return worst;
}
