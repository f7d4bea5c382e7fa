#include "millrace/operators/source/source_api.h"

#include "millrace/operators/user_error.h"

namespace millrace {

std::string SplitEnumerator::Snapshot() const {
  throw UserError("the source's enumerator has no Snapshot(): it can't take part in checkpoints");
}

bool SplitEnumerator::Restore(std::string_view) {
  throw UserError("the source's enumerator has no Restore(): it can't go on from a checkpoint");
}

}  // namespace millrace
