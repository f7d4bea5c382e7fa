#pragma once

#include <memory>
#include <optional>
#include <string>

#include "millrace/graph/checkpoint_report.h"
#include "millrace/graph/plan.h"
#include "millrace/graph/recovery_settings.h"
#include "runtime/checkpoint/checkpoint_store.h"
#include "runtime/checkpoint/job_checkpoints.h"
#include "runtime/checkpoint/scrubber.h"

namespace millrace {

/// What a job with checkpoints has over all its attempts: the folder, which is its own as long as this lives, and what the
/// next attempt goes on from. One thread.
class JobRecovery {
 public:
  /// Takes the folder and looks at what `settings.restore` names. INVALID_ARGUMENT when that can't be what this job goes on
  /// from, ALREADY_EXISTS when another job has the folder. `run`: a name that no other run of any job has. All pointers
  /// outlive it.
  static Result<std::unique_ptr<JobRecovery>> Open(const CheckpointSettings& settings,
                                                   std::string run, const JobPlan* plan,
                                                   const Clock* clock);

  /// The next attempt goes on from the newest checkpoint that one before it has taken, else from the one that
  /// `settings.restore` names, else from nothing. When nothing of the attempt before it is left.
  Result<std::unique_ptr<JobCheckpoints>> NextAttempt();
  /// The same for the tasks of a region, while the others run on; `run` becomes a name for what they write. While no manifest
  /// is being written.
  Result<RestorePoint> NextOfRegion(std::string* run);
  /// As it is now: of a restore's files more may turn out to be damaged.
  CheckpointHistory history() const;
  /// The folder, as the user names it.
  const std::string& dir() const { return settings_.dir; }
  /// What workers take for LocalCopy::OpenedElsewhere; empty: there is none.
  std::string local_copy() const;
  /// For the message of a failed restore: which checkpoints could be chosen instead. Reads them.
  std::string OtherChoices() const;

 private:
  /// Where a checkpoint lies.
  struct Point {
    FileSystem* files = nullptr;
    std::string folder;
    std::int64_t id = 0;
    std::string manifest;  // as LocateFiles takes it
    bool in_place = false;
  };
  JobRecovery(const CheckpointSettings& settings, std::string run, const JobPlan* plan,
              const Clock* clock)
      : settings_(settings), run_(std::move(run)), plan_(plan), clock_(clock) {}
  Status OpenFolder();
  Status OpenLocalCopy();
  Status FindRestore();
  /// Makes the newest checkpoint that is there the one to go on from.
  Status FindNewest();
  Result<std::unique_ptr<CheckpointRestore>> OpenPoint() const;
  /// What the next attempt goes on from, opened.
  Result<RestorePoint> NextPoint();
  std::string NextRun();

  const CheckpointSettings settings_;
  const std::string run_;
  const JobPlan* plan_;
  const Clock* clock_;
  std::unique_ptr<CheckpointStore> store_;
  std::optional<Scrubber> scrubber_;
  std::optional<Point> point_;  // what the next attempt goes on from
  std::string job_id_;
  CheckpointHistory history_;
  std::shared_ptr<const RestoredFrom> from_;  // of the last restore; null: there was none
  int attempts_ = 0;
};

}  // namespace millrace
