#include "src/base/fail_point.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace millrace {
namespace {

using Where = FailPointInfo::Where;
using Can = FailPointInfo::Can;
using enum FailPoint;

constexpr FailPointInfo kAll[] = {
    {kBarrierInject, "barrier.inject", Where::kEverywhere, Can::kFail},
    {kBarrierAlign, "barrier.align", Where::kEverywhere, Can::kFail},
    {kBarrierOvertake, "barrier.overtake", Where::kEverywhere, Can::kFail},
    {kBarrierForward, "barrier.forward", Where::kEverywhere, Can::kFail},
    {kSnapshotBegin, "snapshot.begin", Where::kEverywhere, Can::kFail},
    {kSnapshotSlice, "snapshot.slice", Where::kEverywhere, Can::kFail},
    {kSnapshotInFlight, "snapshot.in-flight", Where::kEverywhere, Can::kFail},
    {kSnapshotSeal, "snapshot.seal", Where::kEverywhere, Can::kFail},
    {kUploadCreate, "upload.create", Where::kEverywhere, Can::kFail},
    {kUploadWrite, "upload.write", Where::kEverywhere, Can::kFail},
    {kUploadFinish, "upload.finish", Where::kEverywhere, Can::kFail},
    {kUploadAcknowledge, "upload.acknowledge", Where::kEverywhere, Can::kFail},
    {kPackCreate, "pack.create", Where::kEverywhere, Can::kFail},
    {kPackWrite, "pack.write", Where::kEverywhere, Can::kFail},
    {kPackFinish, "pack.finish", Where::kEverywhere, Can::kFail},
    {kPackAcknowledge, "pack.acknowledge", Where::kEverywhere, Can::kFail},
    {kBlockFileSync, "block-file.sync", Where::kEverywhere, Can::kFail},
    {kBlockFileClose, "block-file.close", Where::kEverywhere, Can::kFail},
    {kCheckpointBegin, "checkpoint.begin", Where::kEverywhere, Can::kFail},
    {kCheckpointTrigger, "checkpoint.trigger", Where::kEverywhere, Can::kDieOnly},
    {kCheckpointAcknowledge, "checkpoint.acknowledge", Where::kEverywhere, Can::kDieOnly},
    {kCheckpointComplete, "checkpoint.complete", Where::kEverywhere, Can::kDieOnly},
    {kCheckpointAbort, "checkpoint.abort", Where::kEverywhere, Can::kDieOnly},
    {kManifestBegin, "manifest.begin", Where::kEverywhere, Can::kFail},
    {kManifestCreate, "manifest.create", Where::kEverywhere, Can::kFail},
    {kManifestRename, "manifest.rename", Where::kEverywhere, Can::kFail},
    {kManifestSync, "manifest.sync", Where::kEverywhere, Can::kFail},
    {kRetainManifest, "retain.manifest", Where::kEverywhere, Can::kDieOnly},
    {kRetainFile, "retain.file", Where::kEverywhere, Can::kDieOnly},
    {kStoreOpen, "store.open", Where::kEverywhere, Can::kFail},
    {kRestoreOpen, "restore.open", Where::kEverywhere, Can::kFail},
    {kRestoreRead, "restore.read", Where::kEverywhere, Can::kFail},
    {kRestoreOperator, "restore.operator", Where::kEverywhere, Can::kFail},
    {kRestoreInFlight, "restore.in-flight", Where::kEverywhere, Can::kFail},
    {kCommitBegin, "commit.begin", Where::kEverywhere, Can::kFail},
    {kCommitEnd, "commit.end", Where::kEverywhere, Can::kFail},
    {kFileSinkRoll, "file-sink.roll", Where::kEverywhere, Can::kFail},
    {kFileSinkPrepare, "file-sink.prepare", Where::kEverywhere, Can::kFail},
    {kFileSinkRename, "file-sink.rename", Where::kEverywhere, Can::kFail},
    {kFileSinkSync, "file-sink.sync", Where::kEverywhere, Can::kFail},
    {kWorkerSpawn, "worker.spawn", Where::kWorkers, Can::kFail},
    {kWorkerStart, "worker.start", Where::kWorkers, Can::kFail},
    {kWorkerDeploy, "worker.deploy", Where::kWorkers, Can::kFail},
    {kFrameSend, "frame.send", Where::kWorkers, Can::kDieOnly},
    {kFrameReceive, "frame.receive", Where::kWorkers, Can::kFail},
    {kControlSend, "control.send", Where::kWorkers, Can::kDieOnly},
    {kControlReceive, "control.receive", Where::kWorkers, Can::kDieOnly},
};
static_assert(std::size(kAll) == static_cast<std::size_t>(kCount));

constexpr char kVariable[] = "MILLRACE_FAIL_POINT";

/// What the environment asks for.
class FromEnvironment final : public FailPlan {
 public:
  static FailPlan* Make() {
    const char* const text = std::getenv(kVariable);
    if (text == nullptr) return nullptr;
    static FromEnvironment plan;
    if (plan.Parse(text)) return &plan;
    std::fprintf(stderr, "%s='%s' is not NAME:kill|fail:TIMES:FOLDER\n", kVariable, text);
    std::_Exit(2);
  }
  Status Reached(FailPoint point) override {
    if (point != point_ || !IsDue()) return Status::Ok();
    if (kill_) kill(getpid(), SIGKILL);
    return Status::Unavailable("the fail point " +
                               std::string(kAll[static_cast<std::size_t>(point)].name) +
                               " was reached, as " + kVariable + " says");
  }

 private:
  bool Parse(std::string_view text) {
    std::string_view parts[3];
    for (std::string_view& part : parts) {
      const std::size_t colon = text.find(':');
      if (colon == std::string_view::npos) return false;
      part = text.substr(0, colon);
      text.remove_prefix(colon + 1);
    }
    const auto point = FindFailPoint(parts[0]);
    const auto [end, error] =
        std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), times_);
    if (!point.has_value() || error != std::errc() || end != parts[2].end()) return false;
    point_ = *point;
    kill_ = parts[1] == "kill";
    folder_ = text;
    return (kill_ || parts[1] == "fail") && !folder_.empty();
  }
  /// Of the processes that share the folder, one makes each file.
  bool IsDue() {
    for (int i = next_; i < times_; ++i) {
      const std::string path = folder_ + "/hit-" + std::to_string(i);
      const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd < 0) continue;
      close(fd);
      next_ = i + 1;
      return true;
    }
    next_ = times_;
    return false;
  }

  FailPoint point_{};
  bool kill_ = false;
  int times_ = 0;
  std::string folder_;
  std::atomic<int> next_ = 0;
};

}  // namespace

namespace internal {

std::atomic<FailPlan*> fail_plan{FromEnvironment::Make()};

void ThrowFailPointError(const Status& status) {
  throw FailPointError(status.message());
}

}  // namespace internal

std::span<const FailPointInfo> AllFailPoints() {
  return kAll;
}

std::optional<FailPoint> FindFailPoint(std::string_view name) {
  const auto* found = std::find_if(std::begin(kAll), std::end(kAll),
                                   [&](const FailPointInfo& i) { return i.name == name; });
  return found == std::end(kAll) ? std::nullopt : std::optional(found->point);
}

void ArmFailPoints(FailPlan* plan) {
  internal::fail_plan.store(plan, std::memory_order_release);
}

}  // namespace millrace
