#include "api/options.h"

#include <algorithm>

#include "api/option_values.h"
#include "api/recovery_options.h"
#include "millrace/base/nearest.h"
#include "millrace/graph/stream_graph.h"

namespace millrace {
namespace {

constexpr OptionKey kKeys[] = {
    {"driver", "threads|seeded",
     "one thread per slot, or one thread that steps all tasks in a seeded order"},
    {"seed", "NUMBER", "of the seeded driver"},
    {"exchange", "local|serialized", "hand batches over, or pass each through the wire codec"},
    {"memory", "BYTES", "what batches and state may use, e.g. 512MiB; default 1GiB, at least 1MiB"},
    {"batch.rows", "NUMBER", "rows of a batch at most; default 2048"},
    {"state.backend", "heap", "where keyed state lives; rocksdb comes with a later version"},
    {"steps", "plain|measured",
     "keep each task's longest step, in wall and CPU time, for --metrics"},
    {"log.level", "debug|info|warn|error",
     "what of the job's log lines is shown on stderr; default info"},
};
constexpr std::int64_t kMinMemory = 1 << 20;
constexpr std::int64_t kMaxWorkers = 64;
constexpr std::string_view kFlags[] = {
    "--help",    "--parallelism",         "--explain", "--metrics", "--isolated", "--workers",
    "--restore", "--allow-dropped-state", "-D"};

/// Keys that no user has: for tests alone.
Status SetTestOption(std::string_view key, std::string_view value, RunOptions* run) {
  const std::string name = "-D " + std::string(key);
  if (key == "test.run") {
    run->run = value;
  } else if (key == "test.crash") {
    const auto n = Number(name, value, 0, INT64_MAX);
    if (!n.ok()) return n.status();
    run->crash_after = static_cast<std::uint64_t>(n.value());
  } else {
    return Status::InvalidArgument("unknown option " + name);
  }
  return Status::Ok();
}

/// Of what the documentation of later versions has.
Status NotYet(std::string_view key, std::string_view value) {
  return Status::Unimplemented("option -D " + std::string(key) + "=" + std::string(value) +
                               ": this version has no " + std::string(value) + " yet");
}

}  // namespace

Status SetOption(std::string_view key, std::string_view value, JobOptions* options) {
  if (key == "driver") {
    if (value != "threads" && value != "seeded") return OneOf(key, value, "threads, seeded");
    options->run.seeded = value == "seeded";
  } else if (key == "exchange") {
    if (value != "local" && value != "serialized") return OneOf(key, value, "local, serialized");
    options->run.serialized = value == "serialized";
  } else if (key == "steps") {
    if (value != "plain" && value != "measured") return OneOf(key, value, "plain, measured");
    options->run.measure_steps = value == "measured";
  } else if (key == "seed") {
    const auto n = Number("-D seed", value, 0, INT64_MAX);
    if (!n.ok()) return n.status();
    options->run.seed = static_cast<std::uint64_t>(n.value());
  } else if (key == "memory") {
    const auto n = Bytes("-D memory", value, false);
    if (!n.ok()) return n.status();
    if (n.value() < kMinMemory) {
      return Status::InvalidArgument("option -D memory: '" + std::string(value) +
                                     "' is less than the least that a job runs with, 1MiB");
    }
    options->run.memory = n.value();
  } else if (key == "batch.rows") {
    const auto n = Number("-D batch.rows", value, 1, 65536);
    if (!n.ok()) return n.status();
    options->run.batch_rows = static_cast<std::uint32_t>(n.value());
  } else if (key == "state.backend") {
    if (value == "rocksdb") return NotYet(key, value);
    if (value != "heap") return OneOf(key, value, "heap");
  } else if (key.starts_with("test.")) {
    return SetTestOption(key, value, &options->run);
  } else if (IsRecoveryKey(key)) {
    return SetRecoveryOption(key, value, &options->run.checkpoints, &options->run.restart);
  } else if (key == "log.level") {
    static constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};
    const auto* level = std::find(std::begin(kLevels), std::end(kLevels), value);
    if (level == std::end(kLevels)) return OneOf(key, value, "debug, info, warn, error");
    options->run.log_level = static_cast<LogLevel>(level - std::begin(kLevels));
  } else {
    std::vector<std::string_view> known;
    for (const OptionKey& k : kKeys) known.push_back(k.name);
    for (const OptionKey& k : RecoveryKeys()) known.push_back(k.name);
    const std::string nearest(Nearest(key, known));
    return Status::InvalidArgument(
        "unknown option -D " + std::string(key) +
        (nearest.empty() ? " (--help lists them)" : ": did you mean " + nearest + "?"));
  }
  return Status::Ok();
}

namespace {

Status SetPair(std::string_view pair, JobOptions* options) {
  const std::size_t eq = pair.find('=');
  if (eq == std::string_view::npos) {
    return Status::InvalidArgument("option -D " + std::string(pair) + ": expected key=value");
  }
  return SetOption(pair.substr(0, eq), pair.substr(eq + 1), options);
}

Status SetExplain(std::string_view format, JobOptions* options) {
  options->explain = true;
  if (format == "text") {
    options->explain_format = ExplainFormat::kText;
  } else if (format == "json") {
    options->explain_format = ExplainFormat::kJson;
  } else if (format == "dot") {
    options->explain_format = ExplainFormat::kDot;
  } else {
    return Status::InvalidArgument("option --explain=" + std::string(format) +
                                   ": the format is text, json or dot");
  }
  return Status::Ok();
}

}  // namespace

Status ParseArguments(const std::vector<std::string>& arguments, JobOptions* options) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& whole = arguments[i];
    const std::size_t eq = whole.starts_with("--") ? whole.find('=') : std::string::npos;
    const std::string flag = whole.substr(0, eq);
    const bool has_value = eq != std::string::npos;
    std::string value = has_value ? whole.substr(eq + 1) : "";
    const auto next = [&]() -> bool {
      if (has_value) return true;
      if (i + 1 >= arguments.size()) return false;
      value = arguments[++i];
      return true;
    };
    if (whole == "--help" || whole == "-h") {
      options->help = true;
    } else if (flag == "--parallelism" || flag == "-p") {
      if (!next()) return Status::InvalidArgument("option --parallelism needs a number");
      const auto n = Number("--parallelism", value, 1, kMaxParallelism);
      if (!n.ok()) return n.status();
      options->parallelism = static_cast<int>(n.value());
    } else if (flag == "--explain") {
      MILLRACE_RETURN_IF_ERROR(SetExplain(has_value ? value : "text", options));
    } else if (flag == "--metrics") {
      if (has_value && value != "text" && value != "json") {
        return Status::InvalidArgument("option --metrics=" + value +
                                       ": the format is text or json");
      }
      options->metrics = true;
      options->metrics_json = value == "json";
    } else if (flag == "--restore") {
      if (!next() || value.empty()) {
        return Status::InvalidArgument(
            "option --restore needs a checkpoint folder or a manifest in one");
      }
      options->run.checkpoints.restore = value;
    } else if (whole == "--allow-dropped-state") {
      options->run.checkpoints.allow_dropped_state = true;
    } else if (whole == "--isolated") {
      options->run.isolated = true;
    } else if (flag == "--workers") {
      if (!next()) return Status::InvalidArgument("option --workers needs a number");
      const auto number = Number(flag, value, 1, kMaxWorkers);
      if (!number.ok()) return number.status();
      options->run.isolated = true;
      options->run.workers = static_cast<int>(number.value());
    } else if (flag == "-D") {
      if (!next()) return Status::InvalidArgument("option -D needs key=value");
      MILLRACE_RETURN_IF_ERROR(SetPair(value, options));
    } else if (whole.starts_with("-D")) {
      MILLRACE_RETURN_IF_ERROR(SetPair(std::string_view(whole).substr(2), options));
    } else {
      const std::string nearest(Nearest(flag, {std::begin(kFlags), std::end(kFlags)}));
      return Status::InvalidArgument(
          "unknown argument '" + whole + "'" +
          (nearest.empty() ? " (--help lists them)" : ": did you mean " + nearest + "?"));
    }
  }
  if (options->run.workers > 0 && options->run.seeded)
    return Status::InvalidArgument(
        "option --workers: worker processes have threads of their own; -D driver=seeded steps all "
        "tasks in one");
  return Status::Ok();
}

std::string HelpText(std::string_view program) {
  std::string text =
      "Usage: " + std::string(program) +
      " [options]\n\nA Millrace job. Options of every job:\n"
      "  --help                 this text\n"
      "  --parallelism N        subtasks of operators that set none, 1 to 4096 (default 1)\n"
      "  --explain[=text|json|dot]  print the plan and end\n"
      "  --metrics[=text|json]  print what each operator did, to stderr, at the end\n"
      "  --isolated             run the job in a process of its own: a crash is reported, not "
      "suffered\n"
      "  --workers N            run it in N such processes, 1 to 64; with checkpoints, one that "
      "dies is started again\n"
      "  --restore PATH         go on from a checkpoint: a manifest, or a folder's newest\n"
      "  --allow-dropped-state  restore, although operators that have state are no more\n"
      "  -D key=value           set an option:\n";
  std::vector<OptionKey> keys(std::begin(kKeys), std::end(kKeys));
  keys.insert(keys.end(), RecoveryKeys().begin(), RecoveryKeys().end());
  for (const OptionKey& k : keys) {
    std::string line = "      " + std::string(k.name) + "=" + std::string(k.values);
    constexpr std::size_t kColumn = 39;
    if (line.size() + 2 > kColumn) {
      text += line + "\n";
      line.clear();
    }
    line.resize(kColumn, ' ');
    text += line + std::string(k.help) + "\n";
  }
  return text +
         "\nExit codes: 0 done, 1 the job failed, 2 wrong usage or plan, 130 ended by Ctrl-C, 143 "
         "by SIGTERM.\n";
}

}  // namespace millrace
