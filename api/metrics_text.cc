#include "api/metrics_text.h"

#include <algorithm>
#include <cstdio>

#include "millrace/base/time.h"

namespace millrace {
namespace {

std::string Number(std::uint64_t n) {
  return std::to_string(n);
}

std::string Cell(std::string text, std::size_t width, bool right) {
  if (text.size() < width) text.insert(right ? 0 : text.size(), width - text.size(), ' ');
  return text;
}

std::string Quoted(const std::string& s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string Fixed(double v) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f", v);
  return text;
}

}  // namespace

std::string MetricsText(const JobResult& result) {
  std::size_t width = 8;
  for (const OperatorReport& op : result.operators) {
    width = std::max(width, op.name.size());
    for (const auto& step : op.steps) width = std::max(width, step.name.size() + 2);
  }
  std::string out =
      Cell("operator", width, false) +
      "  tasks            in           out      filtered    late  skipped  watermark\n";
  const auto row = [&](const std::string& name, const std::string& tasks, std::uint64_t in,
                       std::uint64_t o, const std::string& rest) {
    out += Cell(name, width, false) + Cell(tasks, 7, true) + Cell(Number(in), 14, true) +
           Cell(Number(o), 14, true) + rest + "\n";
  };
  for (const OperatorReport& op : result.operators) {
    row(op.name, std::to_string(op.parallelism), op.in, op.out,
        Cell(Number(op.filtered), 14, true) + Cell(Number(op.late), 8, true) +
            Cell(Number(op.skipped), 9, true) + "  " +
            EventTime::FromMillis(op.watermark).ToString());
    for (const auto& step : op.steps) {
      if (step.in > 0 || step.out > 0) row("  " + step.name, "", step.in, step.out, "");
    }
  }
  out += "\n" + Cell("tasks", width, false) + "  busy      idle      back-pressured  runnable\n";
  for (const VertexReport& v : result.vertices) {
    const double total = std::max(v.busy + v.idle + v.blocked + v.runnable, 1e-9);
    char text[96];
    std::snprintf(text, sizeof(text), "  %5.1f %%   %5.1f %%   %5.1f %%         %5.1f %%\n",
                  100 * v.busy / total, 100 * v.idle / total, 100 * v.blocked / total,
                  100 * v.runnable / total);
    out += Cell(v.name, width, false) + text;
    if (v.longest_step > 0) {
      out += Cell("  longest step", width, false) + "  " + Fixed(v.longest_step * 1e3) +
             " ms, of CPU " + Fixed(v.longest_step_cpu * 1e3) + " ms\n";
    }
  }
  return out + "\n" + Fixed(result.seconds) + " s, peak of charged memory " +
         std::to_string(result.peak_memory / 1024) + " KiB\n";
}

std::string MetricsJson(const JobResult& result) {
  std::string out = "{\"seconds\":" + Fixed(result.seconds) +
                    ",\"peak_memory\":" + std::to_string(result.peak_memory) + ",\"operators\":[";
  for (const OperatorReport& op : result.operators) {
    if (out.back() == '}') out += ",";
    out += "{\"name\":" + Quoted(op.name) + ",\"parallelism\":" + std::to_string(op.parallelism) +
           ",\"in\":" + Number(op.in) + ",\"out\":" + Number(op.out) +
           ",\"filtered\":" + Number(op.filtered) + ",\"late\":" + Number(op.late) +
           ",\"skipped\":" + Number(op.skipped) + ",\"watermark\":" + std::to_string(op.watermark) +
           "}";
  }
  out += "],\"vertices\":[";
  for (const VertexReport& v : result.vertices) {
    if (out.back() == '}') out += ",";
    out += "{\"name\":" + Quoted(v.name) + ",\"busy\":" + Fixed(v.busy) +
           ",\"idle\":" + Fixed(v.idle) + ",\"back_pressured\":" + Fixed(v.blocked) +
           ",\"runnable\":" + Fixed(v.runnable) + "}";
  }
  return out + "]}\n";
}

}  // namespace millrace
