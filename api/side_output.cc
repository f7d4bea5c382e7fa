#include "millrace/api/side_output.h"

#include "millrace/api/windowed_stream.h"

namespace millrace::internal {

int FindOutput(GraphBuilder& builder, int node, const std::string& tag, const std::string& schema) {
  const NodeSpec& spec = builder.node(node);
  for (std::size_t i = 1; i < spec.outputs.size(); ++i) {
    if (spec.outputs[i].tag != tag) continue;
    if (spec.outputs[i].schema != schema) {
      builder.NoteError("side output '" + tag + "' of operator '" + spec.name + "' has records " +
                        spec.outputs[i].schema + ", not the tag's " + schema);
    }
    return static_cast<int>(i);
  }
  builder.NoteError("operator '" + spec.name + "' has no side output '" + tag + "'");
  return 0;
}

int CheckedParallelism(GraphBuilder& builder, int parallelism) {
  if (parallelism >= 1 && parallelism <= kMaxParallelism) return parallelism;
  builder.NoteError("parallelism " + std::to_string(parallelism) +
                    " is not possible (allowed: 1 to " + std::to_string(kMaxParallelism) + ")");
  return 1;
}

void CheckWindows(GraphBuilder& builder, const SliceWindows& windows, const std::string& name) {
  if (windows.size.count() <= 0 || windows.slide.count() <= 0) {
    builder.NoteError("window operator '" + name + "': size " +
                      std::to_string(windows.size.count()) + " ms and slide " +
                      std::to_string(windows.slide.count()) + " ms must both be positive");
  }
}

void CheckWindows(GraphBuilder& builder, const SessionWindows& windows, const std::string& name) {
  if (windows.gap.count() < 1)
    builder.NoteError("'" + name + "': the gap of a session must be at least 1 ms");
}

void CheckWindows(GraphBuilder& builder, const CountWindows& windows, const std::string& name) {
  if (windows.count < 0)
    builder.NoteError("'" + name + "': a count window needs a count of at least 1");
}

void CheckLateness(GraphBuilder& builder, bool given, const std::string& name) {
  if (!given) return;
  builder.NoteError("'" + name +
                    "': count and global windows know no late records; remove AllowedLateness and "
                    "SideOutputLate");
}

void CheckEventTime(GraphBuilder& builder, bool has_time, const std::string& name) {
  if (has_time) return;
  builder.NoteError("'" + name +
                    "': event-time windows need records with event time; give the source (or "
                    "AssignTimestampsAndWatermarks) a WatermarkStrategy with WithTimestamp");
}

}  // namespace millrace::internal
