#include "tests/chaos/runner/chaos_run.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <regex>
#include <system_error>
#include <utility>

#include "millrace/base/random.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "tests/chaos/runner/job_rules.h"
#include "tests/chaos/runner/output_reader.h"
#include "tests/support/child_job.h"

namespace millrace::chaos {
namespace {

using std::chrono::steady_clock;
using Millis = std::chrono::duration<double, std::milli>;

steady_clock::duration Ticks(Millis millis) {
  return std::chrono::duration_cast<steady_clock::duration>(millis);
}

enum class Fault { kWorker, kAll };

/// All of them in some order.
std::vector<Fault> DrawFaults(const ChaosOrder& order, Random& random) {
  std::vector<Fault> faults(static_cast<std::size_t>(order.kills), Fault::kWorker);
  faults.insert(faults.end(), static_cast<std::size_t>(order.kill_alls), Fault::kAll);
  for (std::size_t i = faults.size(); i > 1; --i)
    std::swap(faults[i - 1], faults[random.Uniform(i)]);
  return faults;
}

/// Dead ones that nobody has asked about yet are no more alive than others.
bool IsAlive(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  const std::string stat((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = stat.rfind(')');
  return name_end != std::string::npos && name_end + 2 < stat.size() && stat[name_end + 2] != 'Z' &&
         stat[name_end + 2] != 'X';
}

class Run {
 public:
  Run(const ChaosOrder& order, bool loud)
      : order_(order),
        loud_(loud),
        rules_(*RulesOf(order.job)),
        random_(order.seed ^ HashOfRow(order.job) ^ (order.unaligned ? 1 : 0)),
        faults_(DrawFaults(order, random_)),
        reader_(order.folder / "out", rules_) {}

  ChaosResult ToItsEnd() {
    RowSet expected;
    if (Expect(&expected)) {
      deadline_ = steady_clock::now() + std::chrono::seconds(300) + Ticks(10 * Length());
      bool ended = false;
      while (!ended && result_.faults.empty()) ended = OneProcess();
      Judge(expected);
    }
    return std::move(result_);
  }

 private:
  template <class... Args>
  void Say(const char* format, Args... args) const {
    if (loud_) std::fprintf(stderr, format, args...);
  }
  void Fail(std::string what) { result_.faults.push_back(std::move(what)); }
  /// Of a run without faults.
  Millis Length() const { return Millis(1000 * static_cast<double>(order_.records) / order_.rate); }
  std::string Checkpoints() const { return (order_.folder / "chk").string(); }
  std::filesystem::path Copies() const { return order_.folder / "copies"; }
  std::string Program() const {
    return order_.programs / (order_.job == "all_features" ? "chaos_job" : "chaos_query");
  }
  std::vector<std::string> Arguments(const char* folder, double rate) const {
    return {order_.job, order_.folder / folder, std::to_string(order_.records),
            std::to_string(rate), order_.folder / "faults_done"};
  }

  /// What a run without faults writes.
  bool Expect(RowSet* rows) {
    std::vector<std::string> arguments = Arguments("expected", 0);
    arguments.insert(arguments.end(), {"--parallelism", "1"});
    ChildJob job(Program(), "", arguments);
    job.EndsWithin(600 * 1000);
    const int code = job.End();
    if (code != 0)
      Fail("the run without faults ended with " + std::to_string(code) + ": " + job.said());
    RowRules rules = rules_;
    if (!rules.updates) rules.claim = nullptr;
    OutputReader reader(order_.folder / "expected", rules);
    reader.Look();
    *rows = std::move(reader.rows());
    if (rows->rows().empty()) Fail("the run without faults has written nothing");
    Say("without faults: %zu rows\n", rows->rows().size());
    return result_.faults.empty();
  }

  /// Settings that may differ from start to start.
  std::vector<std::string> DrawSettings() {
    const auto most = static_cast<std::uint64_t>(std::max(order_.workers, 3));
    const bool first = std::exchange(started_, true) == false;
    // Mostly with subtasks for all workers.
    const std::uint64_t parallelism =
        first || random_.Chance(0.6) ? most + random_.Uniform(3) : 1 + random_.Uniform(most);
    std::vector<std::string> settings = {"--parallelism", std::to_string(parallelism)};
    const auto set = [&](const std::string& setting) {
      settings.insert(settings.end(), {"-D", setting});
    };
    set("checkpoint.max-concurrent=" + std::to_string(1 + random_.Uniform(2)));
    if (random_.Chance(0.3)) set("batch.rows=" + std::to_string(1 + random_.Uniform(300)));
    if (random_.Chance(0.3)) set("exchange=serialized");
    if (order_.unaligned && random_.Chance(0.3))
      set("checkpoint.alignment-timeout=" + std::to_string(random_.Uniform(40)) + "ms");
    return settings;
  }

  std::vector<std::string> StartArguments() {
    std::vector<std::string> arguments = Arguments("out", order_.rate);
    if (order_.workers > 0)
      arguments.insert(arguments.end(), {"--workers", std::to_string(order_.workers)});
    const std::vector<std::string> drawn = DrawSettings();
    arguments.insert(arguments.end(), drawn.begin(), drawn.end());
    for (const std::string& setting :
         {"checkpoint.dir=" + Checkpoints(), "checkpoint.interval=" + order_.interval,
          std::string("restart-strategy.type=fixed-delay"),
          std::string("restart-strategy.fixed-delay.attempts=1000000"),
          "restart-strategy.fixed-delay.delay=" + std::to_string(random_.Uniform(50)) + "ms"})
      arguments.insert(arguments.end(), {"-D", setting});
    if (order_.local_copy)
      arguments.insert(arguments.end(), {"-D", "checkpoint.local-copy=" + Copies().string()});
    if (order_.unaligned) arguments.insert(arguments.end(), {"-D", "checkpoint.mode=unaligned"});
    const std::int64_t newest = NewestCheckpoint();
    std::string said;
    for (const std::string& setting : drawn) said += " " + setting;
    Say("start from checkpoint %lld:%s\n", static_cast<long long>(newest), said.c_str());
    if (newest > 0) {
      ++result_.restores;
      arguments.push_back("--restore=" + Checkpoints());
    }
    return arguments;
  }
  std::int64_t NewestCheckpoint() const {
    const auto found = ListManifests(LocalFileSystem(), Checkpoints());
    return !found.ok() || found.value().empty() ? 0 : found.value().rbegin()->first;
  }

  /// Starts the job and harms it until it ends, or dies. True when it has ended by itself.
  bool OneProcess() {
    reader_.BeginProcess();
    ChildJob job(Program(), "", StartArguments());
    DrawNextFault();
    bool killed = false;
    while (!killed) {
      if (faults_.empty()) std::ofstream(order_.folder / "faults_done");
      const steady_clock::time_point now = steady_clock::now();
      if (now > deadline_) {
        job.Signal(SIGKILL);
        job.End();
        Fail("the job does not come to its end; it has said: " + job.said());
        return false;
      }
      const Millis left = faults_.empty() ? pause_ : Millis(next_fault_ - now);
      if (job.EndsWithin(std::max(1, static_cast<int>(std::min(left, pause_).count())))) break;
      Look();
      if (FaultIsDue()) killed = Harm(job);
    }
    const int code = job.End();
    reader_.Look();
    CountLocalFiles(job.said());
    if (killed && code == -SIGKILL) return false;
    if (code == 0 && faults_.empty()) return true;
    Fail("the job ended with " + std::to_string(code) + ": " + job.said());
    return false;
  }

  /// By what the job has said.
  void CountLocalFiles(const std::string& said) {
    const std::regex line(" is restored, ([0-9]+) of its [0-9]+ files from the local copy");
    for (std::sregex_iterator at(said.begin(), said.end(), line), end; at != end; ++at)
      result_.local_files += std::stoll((*at)[1]);
  }

  /// Some of the local copies, as a bad disk has them. The job may be removing them at the same time.
  void DamageCopies() {
    std::error_code gone;
    for (std::filesystem::recursive_directory_iterator at(Copies(), gone), end; !gone && at != end;
         at.increment(gone)) {
      if (at->path().extension() != ".snapshot" || random_.Chance(0.7)) continue;
      std::error_code ignored;
      const auto size = std::filesystem::file_size(at->path(), ignored);
      if (random_.Chance(0.3)) {
        std::filesystem::remove(at->path(), ignored);
      } else if (!ignored && size > 0 && random_.Chance(0.3)) {
        std::filesystem::resize_file(at->path(), random_.Uniform(size), ignored);
      } else if (!ignored && size > 0) {
        std::fstream file(at->path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(random_.Uniform(size)));
        file.put('~');
      }
    }
  }

  /// Looks, and sees to it that looking does not become all that this program does.
  void Look() {
    const auto begin = steady_clock::now();
    if (begin < next_look_) return;
    reader_.Look();
    const Millis took = steady_clock::now() - begin;
    next_look_ = steady_clock::now() + Ticks(5 * took);
  }

  /// Most faults come some time after the job has got on: behind a new checkpoint. Those times add up to about as long as the
  /// records take. The others come soon, while it recovers from the one before.
  void DrawNextFault() {
    if (faults_.empty()) return;
    const double mean = Length().count() / static_cast<double>(order_.kills + order_.kill_alls + 1);
    const bool soon = random_.Chance(0.4);
    gap_ = Millis((soon ? 0.5 : 2) * mean * random_.NextDouble());
    behind_ = soon ? kNoCheckpoint : NewestCheckpoint();
    const Millis patience(soon ? 0 : 5000);
    next_fault_ = steady_clock::now() + Ticks(gap_ + patience);
  }
  bool FaultIsDue() {
    if (behind_ != kNoCheckpoint && NewestCheckpoint() > behind_) {
      behind_ = kNoCheckpoint;
      next_fault_ = std::min(next_fault_, steady_clock::now() + Ticks(gap_));
    }
    return !faults_.empty() && steady_clock::now() >= next_fault_;
  }

  /// The next fault, if it can happen now. True when the job is dead.
  bool Harm(ChildJob& job) {
    std::vector<pid_t> workers = job.Children();
    std::erase_if(workers, [](pid_t worker) { return !IsAlive(worker); });
    const Fault fault = faults_.back();
    if (fault == Fault::kWorker && workers.empty()) return false;  // they are being started
    faults_.pop_back();
    DrawNextFault();
    if (order_.local_copy) DamageCopies();
    if (fault == Fault::kWorker) {
      const pid_t worker = workers[random_.Uniform(workers.size())];
      Say("kill worker %d of %zu\n", static_cast<int>(worker), workers.size());
      kill(worker, SIGKILL);
      ++result_.kills;
      return false;
    }
    // Workers see for themselves that they are alone, or have no time to.
    const bool all_at_once = random_.Chance(0.5);
    Say("kill all%s\n", all_at_once ? " at once" : "");
    job.Signal(SIGKILL);
    for (const pid_t worker : all_at_once ? workers : std::vector<pid_t>()) kill(worker, SIGKILL);
    ++result_.kill_alls;
    return true;
  }

  void Judge(RowSet& expected) {
    reader_.LookAgain();
    result_.verdict = Compare(expected, reader_.rows(), rules_);
    result_.files = reader_.files();
    result_.looks = reader_.looks();
    const std::size_t few = 10;
    const Verdict& v = result_.verdict;
    const OutputReader* seen = &reader_;
    OutputReader wanted(order_.folder / "expected", rules_);
    if (!v.lost_rows.empty()) wanted.Look();
    const auto tell = [&](const char* what, const OutputReader* in,
                          const std::vector<std::uint64_t>& hashes) {
      if (hashes.empty()) return;
      for (const std::string& row : in->Find(hashes, few)) Fail(std::string(what) + ": " + row);
    };
    tell("lost", &wanted, v.lost_rows);
    tell("too many", seen, v.duplicated_rows);
    tell("out of order", seen, v.out_of_order_keys);
    for (const std::string& fault : reader_.faults()) Fail(fault);
    if (!result_.faults.empty()) return;
    const auto manifest =
        ReadManifest(LocalFileSystem(), ManifestPath(Checkpoints(), NewestCheckpoint()));
    if (!manifest.ok()) return Fail(manifest.status().ToString());
    const std::size_t leftovers = reader_.Leftovers(manifest.value().job_id);
    if (leftovers > 0) Fail(std::to_string(leftovers) + " hidden files are left");
  }

  const ChaosOrder order_;
  const bool loud_;
  const RowRules rules_;
  Random random_;
  std::vector<Fault> faults_;  // that have not happened
  OutputReader reader_;
  bool started_ = false;
  ChaosResult result_;
  steady_clock::time_point deadline_, next_fault_, next_look_;
  static constexpr std::int64_t kNoCheckpoint = INT64_MAX;
  std::int64_t behind_ = kNoCheckpoint;  // the next fault waits for a newer one
  Millis gap_{0};
  const Millis pause_{20};
};

}  // namespace

ChaosResult RunChaos(const ChaosOrder& order, bool loud) {
  return Run(order, loud).ToItsEnd();
}

}  // namespace millrace::chaos
