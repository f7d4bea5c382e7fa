#include "millrace/state/operator_state.h"

namespace millrace {

void OperatorStateOwner::RegisterOperatorState(void* member, Entry entry) {
  entry.at = static_cast<std::byte*>(member) - reinterpret_cast<std::byte*>(this);
  entries_.push_back(std::move(entry));
}

std::size_t OperatorStateOwner::HeldByOperatorStates() const {
  std::size_t bytes = 0;
  for (const Entry& entry : entries_)
    bytes += entry.ops.held(reinterpret_cast<const std::byte*>(this) + entry.at);
  return bytes;
}

}  // namespace millrace
