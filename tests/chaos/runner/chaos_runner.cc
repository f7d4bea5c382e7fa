// Runs a job, does it harm, and compares what it has written with what a run without faults writes: CONTRIBUTING.md.
#include <stdlib.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/chaos/runner/chaos_run.h"
#include "tests/chaos/runner/job_rules.h"

namespace {

using millrace::chaos::ChaosOrder;
using millrace::chaos::ChaosResult;

constexpr char kUsage[] =
    "usage: chaos_runner [--job all_features|q4|q5|q8|q9|q11|q17] [--seed N] [--records R] [--rate "
    "R]\n"
    "                    [--workers W] [--kills K] [--kill-all A] [--unaligned] [--interval "
    "100ms]\n"
    "                    [--folder PATH] [--local-copy]\n"
    "  --workers 0   one process; it can only be killed as a whole\n"
    "  --local-copy  of the checkpoints; some of its files are damaged or removed at each fault\n"
    "  --folder      an existing one: the run makes one of its own in it; $TMPDIR or /tmp by "
    "default\n"
    "Numbers may end in K or M. Exit code 0 when the output is exact and all faults have happened, "
    "1 when not, 2 for mistakes "
    "in these arguments.\n";

std::optional<std::int64_t> Number(std::string_view text) {
  std::int64_t scale = 1;
  if (text.ends_with('K')) scale = 1000;
  if (text.ends_with('M')) scale = 1000000;
  if (scale > 1) text.remove_suffix(1);
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good = fault == std::errc() && end == text.data() + text.size() && number >= 0 &&
                    number <= 1000000000;
  return good ? std::optional(number * scale) : std::nullopt;
}

/// What is wrong with the arguments; empty when nothing is.
std::string Parse(int argc, char** argv, ChaosOrder* order) {
  using Take = std::function<bool(std::string_view)>;
  const auto number = [](auto* to, std::int64_t least) {
    return Take([to, least](std::string_view text) {
      const auto value = Number(text);
      if (!value.has_value() || *value < least) return false;
      *to = static_cast<std::remove_pointer_t<decltype(to)>>(*value);
      return true;
    });
  };
  const auto text = [](std::string* to) {
    return Take([to](std::string_view value) { return !(*to = value).empty(); });
  };
  std::string folder;
  const std::map<std::string_view, Take> options = {{"--seed", number(&order->seed, 0)},
                                                    {"--records", number(&order->records, 1)},
                                                    {"--rate", number(&order->rate, 1)},
                                                    {"--workers", number(&order->workers, 0)},
                                                    {"--kills", number(&order->kills, 0)},
                                                    {"--kill-all", number(&order->kill_alls, 0)},
                                                    {"--interval", text(&order->interval)},
                                                    {"--folder", text(&folder)},
                                                    {"--job", text(&order->job)}};
  for (int i = 1; i < argc; ++i) {
    std::string_view name = argv[i];
    if (name == "--local-copy") {
      order->local_copy = true;
      continue;
    }
    if (name == "--unaligned") {
      order->unaligned = true;
      continue;
    }
    std::optional<std::string_view> value;
    if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    } else if (i + 1 < argc) {
      value = argv[++i];
    }
    const auto option = options.find(name);
    if (option == options.end()) return "unknown argument '" + std::string(name) + "'";
    if (!value.has_value()) return std::string(name) + " needs a value";
    if (!option->second(*value))
      return "'" + std::string(*value) + "' is no value for " + std::string(name);
  }
  if (!millrace::chaos::RulesOf(order->job).has_value())
    return "there is no job '" + order->job + "'";
  if (order->workers == 0 && order->kills > 0) return "--kills needs --workers";
  const char* tmp = std::getenv("TMPDIR");
  if (folder.empty()) folder = tmp != nullptr && *tmp != '\0' ? tmp : "/tmp";
  std::string own = folder + "/millrace-chaos-XXXXXX";
  if (mkdtemp(own.data()) == nullptr) return "no folder can be made in '" + folder + "'";
  order->folder = own;
  return {};
}

std::string ToRepeat(const ChaosOrder& order) {
  std::string command = "chaos_runner --job " + order.job;
  command += " --seed " + std::to_string(order.seed);
  command += " --records " + std::to_string(order.records);
  command += " --rate " + std::to_string(static_cast<std::int64_t>(order.rate));
  command += " --workers " + std::to_string(order.workers);
  command += " --kills " + std::to_string(order.kills);
  command += " --kill-all " + std::to_string(order.kill_alls);
  command += " --interval " + order.interval;
  return command + (order.unaligned ? " --unaligned" : "");
}

}  // namespace

int main(int argc, char** argv) {
  ChaosOrder order;
  const std::string mistake = Parse(argc, argv, &order);
  if (!mistake.empty()) {
    std::fprintf(stderr, "chaos_runner: %s\n%s", mistake.c_str(), kUsage);
    return 2;
  }
  order.programs = std::filesystem::canonical("/proc/self/exe").parent_path();
  const auto begin = std::chrono::steady_clock::now();
  const ChaosResult result = RunChaos(order, true);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  const bool exact =
      result.exact() && result.kills == order.kills && result.kill_alls == order.kill_alls;
  if (exact) {
    std::filesystem::remove_all(order.folder);
  } else {
    for (const std::string& fault : result.faults) std::fprintf(stderr, "%s\n", fault.c_str());
    std::fprintf(stderr, "all of it is in %s; to repeat it: %s\n", order.folder.c_str(),
                 ToRepeat(order).c_str());
  }
  std::fprintf(stderr, "%zu files, %zu looks\n", result.files, result.looks);
  std::printf(
      "job=%s seed=%llu records=%lld kills=%d kill_alls=%d restores=%d lost=%lld duplicated=%lld "
      "out_of_order=%lld seconds=%.1f\n",
      order.job.c_str(), static_cast<unsigned long long>(order.seed),
      static_cast<long long>(order.records), result.kills, result.kill_alls, result.restores,
      static_cast<long long>(result.verdict.lost),
      static_cast<long long>(result.verdict.duplicated),
      static_cast<long long>(result.verdict.out_of_order), seconds.count());
  return exact ? 0 : 1;
}
