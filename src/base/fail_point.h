#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

#include "millrace/base/status.h"

// Fail points: the steps of the checkpoint protocol at which a test may make a process die, or the step fail. docs/faults.md has
// them all; who adds one adds it there.
namespace millrace {

enum class FailPoint : std::uint8_t {
  // A task's snapshot.
  kBarrierInject,
  kBarrierAlign,
  kBarrierOvertake,
  kBarrierForward,
  kSnapshotBegin,
  kSnapshotSlice,
  kSnapshotInFlight,
  kSnapshotSeal,
  // Its way to storage.
  kUploadCreate,
  kUploadWrite,
  kUploadFinish,
  kUploadAcknowledge,
  kPackCreate,
  kPackWrite,
  kPackFinish,
  kPackAcknowledge,
  kBlockFileSync,
  kBlockFileClose,
  // The coordinator.
  kCheckpointBegin,
  kCheckpointTrigger,
  kCheckpointAcknowledge,
  kCheckpointComplete,
  kCheckpointAbort,
  // The manifest.
  kManifestBegin,
  kManifestCreate,
  kManifestRename,
  kManifestSync,
  kRetainManifest,
  kRetainFile,
  // What an attempt begins with.
  kStoreOpen,
  kRestoreOpen,
  kRestoreRead,
  kRestoreOperator,
  kRestoreInFlight,
  // Sinks.
  kCommitBegin,
  kCommitEnd,
  kFileSinkRoll,
  kFileSinkPrepare,
  kFileSinkRename,
  kFileSinkSync,
  // Processes.
  kWorkerSpawn,
  kWorkerStart,
  kWorkerDeploy,
  kFrameSend,
  kFrameReceive,
  kControlSend,
  kControlReceive,
  kCount
};

struct FailPointInfo {
  FailPoint point;
  std::string_view name;
  enum class Where {
    kEverywhere,
    kWorkers
  } where;                                 // kWorkers: only jobs with worker processes come there
  enum class Can { kFail, kDieOnly } can;  // whether the step itself may fail
};
/// By number.
std::span<const FailPointInfo> AllFailPoints();
std::optional<FailPoint> FindFailPoint(std::string_view name);

/// What happens at fail points.
class FailPlan {
 public:
  virtual ~FailPlan() = default;
  /// On the thread that has come there; any thread. What it returns the step fails with, if it can.
  virtual Status Reached(FailPoint point) = 0;
};
/// From here on; null: nothing happens. `plan` outlives its use.
///
/// Without a call, a process does what its environment says: MILLRACE_FAIL_POINT=NAME:ACTION:TIMES:FOLDER, e.g.
/// `manifest.rename:kill:2:/tmp/x`. ACTION is kill (SIGKILL to itself) or fail. It happens TIMES times in all processes that share the FOLDER,
/// where each leaves a file. What is no such text ends the process with code 2.
void ArmFailPoints(FailPlan* plan);

/// What a step throws that has no other way to fail.
class FailPointError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace internal {
extern std::atomic<FailPlan*> fail_plan;
[[noreturn]] void ThrowFailPointError(const Status& status);
}  // namespace internal

/// The step is about to be done. Not OK: it has failed.
[[nodiscard]] inline Status AtFailPoint(FailPoint point) {
  FailPlan* const plan = internal::fail_plan.load(std::memory_order_acquire);
  if (plan == nullptr) [[likely]]
    return Status::Ok();
  return plan->Reached(point);
}
/// The same, of a step that fails by throwing.
inline void ThrowAtFailPoint(FailPoint point) {
  if (internal::fail_plan.load(std::memory_order_relaxed) == nullptr) [[likely]]
    return;
  if (const Status status = AtFailPoint(point); !status.ok()) internal::ThrowFailPointError(status);
}
/// The same, of a step that can't fail: the process may die there.
inline void DieAtFailPoint(FailPoint point) {
  if (internal::fail_plan.load(std::memory_order_relaxed) != nullptr) [[unlikely]]
    (void)AtFailPoint(point);
}

}  // namespace millrace
