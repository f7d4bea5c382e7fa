#pragma once

#include "millrace/base/status.h"
#include "millrace/graph/plan.h"
#include "runtime/checkpoint/restore/checkpoint_restore.h"

namespace millrace {

/// What a checkpoint's manifest says of a plan: its job, run and id are left open.
Manifest ManifestOf(const JobPlan& plan);

/// Whether the plan can go on from the checkpoint: it is of this job, all that it has is wanted, and every state is of the
/// same type. INVALID_ARGUMENT says what is not so, all of it.
Status CheckRestore(const CheckpointRestore& restore, const JobPlan& plan,
                    bool allow_dropped_state);

}  // namespace millrace
