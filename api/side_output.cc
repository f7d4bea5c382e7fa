#include "millrace/api/side_output.h"

#include <algorithm>

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
  std::string others;
  for (std::size_t i = 1; i < spec.outputs.size(); ++i)
    others += (i == 1 ? "'" : ", '") + spec.outputs[i].tag + "'";
  builder.NoteError("operator '" + spec.name + "' has no side output '" + tag + "': it has " +
                    (others.empty() ? "none (a SideOutput member, SideOutputLate or MalformedTo "
                                      "makes one)"
                                    : others));
  return 0;
}

int CheckedParallelism(GraphBuilder& builder, int parallelism, const std::string& name) {
  if (parallelism >= 1 && parallelism <= kMaxParallelism) return parallelism;
  builder.NoteError((name.empty() ? "" : "'" + name + "': ") + "parallelism " +
                    std::to_string(parallelism) + " is not possible (allowed: 1 to " +
                    std::to_string(kMaxParallelism) + ")");
  return 1;
}

void NoteMovedAfterUse(GraphBuilder& builder, int node) {
  builder.NoteError(
      "the stream of '" + builder.node(node).name +
      "' was moved after it had been used by its name (a branch, a side output): go on "
      "with it by its name, without std::move");
}

void CheckOneParallelism(GraphBuilder& builder, int before, int now, const std::string& name) {
  if (before == 0 || before == now) return;
  builder.NoteError((name.empty() ? "" : "'" + name + "': ") + "parallelism " +
                    std::to_string(before) + " and " + std::to_string(now) +
                    " for steps that run in one loop: say it once, or put Rebalance() between");
}

namespace {

/// "5 ms"; notes an error unless it is in [least, 10,000 years].
void CheckLength(GraphBuilder& builder, const std::string& name, const char* what, Duration length,
                 std::int64_t least) {
  if (length.count() >= least && length <= kMaxDuration) return;
  builder.NoteError("window operator '" + name + "': the " + what + " is " +
                    std::to_string(length.count()) + " ms (allowed: " + std::to_string(least) +
                    " ms to 10,000 years, which are " + std::to_string(kMaxDuration.count()) +
                    " ms)");
}

}  // namespace

Duration CheckedLateness(GraphBuilder& builder, Duration lateness, const std::string& name) {
  if (lateness.count() < 0) {
    builder.NoteError("window operator '" + name + "': the allowed lateness is " +
                      std::to_string(lateness.count()) + " ms: it must be 0 or more");
  }
  return std::min(lateness, kMaxDuration);
}

void CheckWindows(GraphBuilder& builder, const SliceWindows& windows, const std::string& name) {
  CheckLength(builder, name, "size", windows.size, 1);
  if (windows.slide != windows.size) CheckLength(builder, name, "slide", windows.slide, 1);
  CheckLength(builder, name, "offset", windows.offset, -kMaxDuration.count());
}

void CheckWindows(GraphBuilder& builder, const SessionWindows& windows, const std::string& name) {
  CheckLength(builder, name, "gap of a session", windows.gap, 1);
}

void CheckWindows(GraphBuilder& builder, const CountWindows& windows, const std::string& name) {
  if (windows.count < 0)
    builder.NoteError("window operator '" + name + "': a count window needs a count of at least 1");
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
