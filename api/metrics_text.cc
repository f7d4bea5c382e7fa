#include "api/metrics_text.h"

#include <algorithm>
#include <cstdio>
#include <deque>

#include "millrace/base/memory.h"
#include "millrace/base/time.h"
#include "millrace/graph/checkpoint_report.h"
#include "millrace/io/json.h"

namespace millrace {
namespace {

std::string Number(std::uint64_t n) {
  return std::to_string(n);
}

std::string Cell(std::string text, std::size_t width, bool right) {
  if (text.size() < width) text.insert(right ? 0 : text.size(), width - text.size(), ' ');
  return text;
}

std::string Fixed(double v) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f", v);
  return text;
}

std::string WatermarkText(const OperatorReport& op) {
  if (!op.timed || op.watermark == INT64_MIN) return "-";
  if (op.watermark == INT64_MAX) return "end";
  return EventTime::FromMillis(op.watermark).ToString();
}

std::string WatermarkJson(const OperatorReport& op) {
  if (!op.timed || op.watermark == INT64_MIN) return "null";
  if (op.watermark == INT64_MAX) return "\"end\"";
  return std::to_string(op.watermark);
}

std::string Share(double part, double total) {
  if (total <= 0) return "-";  // the seeded driver's clock does not move with the work
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f %%", 100 * part / total);
  return text;
}

std::string StepsJson(const OperatorReport& op) {
  std::string out = "[";
  for (const auto& step : op.steps) {
    if (out.size() > 1) out += ",";
    out += "{\"name\":" + ToJson(step.name) + ",\"in\":" + Number(step.in) +
           ",\"out\":" + Number(step.out) + "}";
  }
  return out + "]";
}

std::string OperatorJson(const OperatorReport& op) {
  return "{\"name\":" + ToJson(op.name) + ",\"parallelism\":" + std::to_string(op.parallelism) +
         ",\"in\":" + Number(op.in) + ",\"out\":" + Number(op.out) +
         ",\"filtered\":" + Number(op.filtered) + ",\"late\":" + Number(op.late) +
         ",\"skipped\":" + Number(op.skipped) + ",\"overdraft\":" + Number(op.overdraft) +
         ",\"state_rows\":" + Number(op.state_rows) + ",\"state_bytes\":" + Number(op.state_bytes) +
         ",\"timers\":" + Number(op.timers) + ",\"watermark\":" + WatermarkJson(op) +
         ",\"steps\":" + StepsJson(op) + "}";
}

std::string Millis(std::int64_t nanos) {
  return Fixed(static_cast<double>(nanos) / 1e6);
}

/// The subtask that took longest for one part of a checkpoint.
std::int64_t Longest(const CheckpointReport& report, std::int64_t SubtaskCheckpoint::* part) {
  std::int64_t longest = 0;
  for (const SubtaskCheckpoint& s : report.subtasks) longest = std::max(longest, s.*part);
  return longest;
}

/// What of the restarts was of regions alone.
std::string RegionsText(const std::vector<RegionRestarts>& regions) {
  std::string out;
  for (const RegionRestarts& region : regions) {
    out += (out.empty() ? " (" : "; ") + Number(region.restarts) + " of ";
    for (std::size_t i = 0; i < region.vertices.size(); ++i)
      out += (i > 0 ? ", '" : "'") + region.vertices[i] + "'";
    if (region.subtask >= 0) out += ", subtask " + std::to_string(region.subtask);
    out += ": " + Number(region.tasks) + " of " + Number(region.of) + " tasks";
  }
  return out.empty() ? out : out + ")";
}

std::string RegionsJson(const std::vector<RegionRestarts>& regions) {
  std::string out = "[";
  for (const RegionRestarts& region : regions) {
    out += (out.size() > 1 ? ",{" : "{");
    out += "\"vertices\":[";
    for (std::size_t i = 0; i < region.vertices.size(); ++i)
      out += (i > 0 ? "," : "") + ToJson(region.vertices[i]);
    out += "],\"subtask\":" + (region.subtask < 0 ? "null" : std::to_string(region.subtask)) +
           ",\"tasks\":" + Number(region.tasks) + ",\"of\":" + Number(region.of) +
           ",\"restarts\":" + Number(region.restarts) + "}";
  }
  return out + "]";
}

std::string CheckpointsText(const JobResult& result) {
  const CheckpointHistory& history = *result.checkpoints;
  std::string restored;
  if (history.restored > 0) restored = "; restored from " + std::to_string(history.restored);
  if (history.local_files > 0)
    restored += "; " + Number(history.local_files) + " of " +
                Number(history.local_files + history.storage_files) + " files from the local copy";
  std::string out = "\ncheckpoints: " + Number(history.completed) + " complete, " +
                    Number(history.failed) + " failed; restarts: " + Number(result.restarts) +
                    RegionsText(result.region_restarts) + restored + "\n";
  if (!history.recent.empty())
    out +=
        "    id        ms     bytes written    in flight   bytes in all  start delay  alignment   "
        "snapshot     upload\n";
  for (const CheckpointReport& report : history.recent) {
    out += Cell(std::to_string(report.id), 6, true) + Cell(Millis(report.nanos), 10, true);
    if (!report.failure.empty()) {
      out += "  failed: " + report.failure + "\n";
      continue;
    }
    out += Cell(Number(report.bytes()), 18, true) + Cell(Number(report.in_flight()), 13, true) +
           Cell(Number(report.full_bytes()), 15, true) +
           Cell(Millis(Longest(report, &SubtaskCheckpoint::start_delay)), 13, true) +
           Cell(Millis(Longest(report, &SubtaskCheckpoint::alignment)), 11, true) +
           Cell(Millis(Longest(report, &SubtaskCheckpoint::snapshot)), 11, true) +
           Cell(Millis(Longest(report, &SubtaskCheckpoint::upload)), 11, true) + "\n";
  }
  return out;
}

std::string CheckpointJson(const CheckpointReport& report) {
  std::string out = "{\"id\":" + std::to_string(report.id) +
                    ",\"began\":" + std::to_string(report.began_millis) +
                    ",\"ms\":" + Millis(report.nanos) +
                    ",\"failure\":" + (report.failure.empty() ? "null" : ToJson(report.failure)) +
                    ",\"bytes\":" + Number(report.bytes()) +
                    ",\"full_bytes\":" + Number(report.full_bytes()) + ",\"subtasks\":[";
  for (std::size_t i = 0; i < report.subtasks.size(); ++i) {
    const SubtaskCheckpoint& s = report.subtasks[i];
    out += (i > 0 ? ",{\"vertex\":" : "{\"vertex\":") + std::to_string(s.vertex) +
           ",\"subtask\":" + std::to_string(s.subtask) +
           ",\"start_delay\":" + Millis(s.start_delay) + ",\"alignment\":" + Millis(s.alignment) +
           ",\"snapshot\":" + Millis(s.snapshot) + ",\"longest_slice\":" + Millis(s.longest) +
           ",\"upload\":" + Millis(s.upload) + ",\"acknowledged\":" + Millis(s.acknowledged) +
           ",\"longest_step\":" + Millis(s.step) + ",\"bytes\":" + Number(s.bytes) +
           ",\"in_flight_bytes\":" + Number(s.in_flight) +
           ",\"full_bytes\":" + Number(s.full_bytes) + "}";
  }
  return out + "]}";
}

std::string CheckpointsJson(const std::deque<CheckpointReport>& reports) {
  std::string out = "[";
  for (const CheckpointReport& report : reports)
    out += (out.size() > 1 ? "," : "") + CheckpointJson(report);
  return out + "]";
}

std::string CheckpointsJson(const JobResult& result) {
  const CheckpointHistory& history = *result.checkpoints;
  return ",\"restarts\":" + Number(result.restarts) +
         ",\"region_restarts\":" + RegionsJson(result.region_restarts) +
         ",\"checkpoints\":{\"completed\":" + Number(history.completed) +
         ",\"failed\":" + Number(history.failed) +
         ",\"restored\":" + std::to_string(history.restored) +
         ",\"restored_files\":{\"local\":" + Number(history.local_files) +
         ",\"storage\":" + Number(history.storage_files) + "}" +
         ",\"recent\":" + CheckpointsJson(history.recent) +
         ",\"failures\":" + CheckpointsJson(history.failures) + "}";
}

}  // namespace

std::string MetricsText(const JobResult& result) {
  std::size_t width = 8;
  for (const OperatorReport& op : result.operators) {
    width = std::max(width, op.name.size());
    for (const auto& step : op.steps) width = std::max(width, step.name.size() + 2);
  }
  for (const VertexReport& v : result.vertices) width = std::max(width, v.name.size());
  width = std::min<std::size_t>(width, 48);
  std::string out = Cell("operator", width, false) +
                    "  tasks            in           out      filtered    late  skipped"
                    "  state rows       state  timers  watermark\n";
  const auto row = [&](const std::string& name, const std::string& tasks, std::uint64_t in,
                       std::uint64_t o, const std::string& rest) {
    out += Cell(name, width, false) + Cell(tasks, 7, true) + Cell(Number(in), 14, true) +
           Cell(Number(o), 14, true) + rest + "\n";
  };
  for (const OperatorReport& op : result.operators) {
    row(op.name, std::to_string(op.parallelism), op.in, op.out,
        Cell(Number(op.filtered), 14, true) + Cell(Number(op.late), 8, true) +
            Cell(Number(op.skipped), 9, true) + Cell(Number(op.state_rows), 12, true) +
            Cell(BytesText(static_cast<std::int64_t>(op.state_bytes)), 12, true) +
            Cell(Number(op.timers), 8, true) + "  " + WatermarkText(op));
    for (const auto& step : op.steps) {
      if (step.in > 0 || step.out > 0) row("  " + step.name, "", step.in, step.out, "");
    }
  }
  out += "\n" + Cell("tasks", width, false) + "     busy      idle  back-pressured  runnable\n";
  for (const VertexReport& v : result.vertices) {
    const double total = v.busy + v.idle + v.blocked + v.runnable;
    out += Cell(v.name, width, false) + Cell(Share(v.busy, total), 9, true) +
           Cell(Share(v.idle, total), 10, true) + Cell(Share(v.blocked, total), 16, true) +
           Cell(Share(v.runnable, total), 10, true) + "\n";
    if (v.longest_step > 0) {
      out += Cell("  longest step", width, false) + "  " + Fixed(v.longest_step * 1e3) +
             " ms, of CPU " + Fixed(v.longest_step_cpu * 1e3) + " ms\n";
    }
  }
  if (result.checkpoints != nullptr) out += CheckpointsText(result);
  return out + "\n" + Fixed(result.seconds) + " s, peak of charged memory " +
         std::to_string((result.peak_memory + 1023) / 1024) + " KiB\n";
}

std::string MetricsJson(const JobResult& result) {
  std::string out = "{\"seconds\":" + Fixed(result.seconds) +
                    ",\"peak_memory\":" + std::to_string(result.peak_memory) + ",\"operators\":[";
  for (std::size_t i = 0; i < result.operators.size(); ++i)
    out += (i > 0 ? "," : "") + OperatorJson(result.operators[i]);
  out += "],\"vertices\":[";
  for (std::size_t i = 0; i < result.vertices.size(); ++i) {
    const VertexReport& v = result.vertices[i];
    out += (i > 0 ? "," : "") + ("{\"name\":" + ToJson(v.name)) + ",\"busy\":" + Fixed(v.busy) +
           ",\"idle\":" + Fixed(v.idle) + ",\"back_pressured\":" + Fixed(v.blocked) +
           ",\"runnable\":" + Fixed(v.runnable) + "}";
  }
  out += "]";
  if (result.checkpoints != nullptr) out += CheckpointsJson(result);
  return out + "}\n";
}

}  // namespace millrace
