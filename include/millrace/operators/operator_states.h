#pragma once

#include "millrace/base/status.h"
#include "millrace/operators/snapshot.h"
#include "millrace/state/operator_state.h"

namespace millrace {

/// Writes the states that belong to the subtask, if there are any; at the barrier, in one go. docs/formats/snapshot.md
void SnapshotOperatorStates(OperatorStateOwner& states, OperatorSnapshot& to);

/// Fills empty ones, before anything else of the function is called: each with what the subtask is given of what all had.
/// FAILED_PRECONDITION when one has become something else.
Status RestoreOperatorStates(OperatorStateOwner& states, const OperatorRestore& from, int subtask,
                             int parallelism);

}  // namespace millrace
