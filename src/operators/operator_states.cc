#include "millrace/operators/operator_states.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace {
namespace {

using Entry = OperatorStateOwner::Entry;

Status NotDecoded() {
  return Status::DataLoss("restore operator state: it does not decode");
}

/// Calls `visit(name, kind, schema, bytes)` for each state of a block.
template <class Visit>
Status ForEachState(std::string_view block, Visit visit) {
  ByteReader in(block);
  std::uint32_t count = 0;
  in.GetCount(16, &count);
  for (; count > 0 && in.ok(); --count) {
    std::string_view name, kind, schema, bytes;
    if (!in.GetString(&name) || !in.GetString(&kind) || !in.GetString(&schema) ||
        !in.GetString(&bytes))
      break;
    MILLRACE_RETURN_IF_ERROR(visit(name, kind, schema, bytes));
  }
  return in.AtEnd() ? Status::Ok() : NotDecoded();
}

Status CheckSame(const Entry& entry, std::string_view kind, std::string_view schema) {
  if (entry.kind == kind && entry.schema == schema) return Status::Ok();
  return Status::FailedPrecondition("restore operator state '" + entry.name + "': it was a " +
                                    std::string(kind) + " of " + std::string(schema) +
                                    ", and is now a " + entry.kind + " of " + entry.schema);
}

}  // namespace

void SnapshotOperatorStates(OperatorStateOwner& states, OperatorSnapshot& to) {
  if (states.operator_states().empty()) return;
  ByteWriter block;
  block.PutCount(states.operator_states().size());
  for (const Entry& entry : states.operator_states()) {
    block.PutString(entry.name);
    block.PutString(entry.kind);
    block.PutString(entry.schema);
    ByteWriter bytes;
    entry.ops.encode(states.operator_state(entry), bytes);
    block.PutString(bytes.view());
  }
  to.Put(SnapshotBlock::kOperatorStates, std::move(block));
}

Status RestoreOperatorStates(OperatorStateOwner& states, const OperatorRestore& from, int subtask,
                             int parallelism) {
  Arena arena;  // of the strings that are being decoded
  const ArenaScope scope(arena);
  const auto index = static_cast<std::size_t>(subtask);
  const auto count = static_cast<std::size_t>(parallelism);
  for (const Entry& entry : states.operator_states()) {
    void* const member = states.operator_state(entry);
    OperatorStateShare share{index, count, entry.to_all || from.same_subtask()};
    const auto restore = [&](std::size_t chain, std::string_view block) {
      return ForEachState(block, [&](std::string_view name, std::string_view kind,
                                     std::string_view schema, std::string_view bytes) {
        if (name != entry.name) return Status::Ok();
        MILLRACE_RETURN_IF_ERROR(CheckSame(entry, kind, schema));
        ByteReader in(bytes);
        if (entry.ops.add != nullptr)
          return entry.ops.add(member, in, &share) && in.AtEnd() ? Status::Ok() : NotDecoded();
        if (chain != index % from.chains()) return Status::Ok();
        return entry.ops.replace(member, in) && in.AtEnd() ? Status::Ok() : NotDecoded();
      });
    };
    MILLRACE_RETURN_IF_ERROR(entry.to_all
                                 ? from.ForEachSubtask(SnapshotBlock::kOperatorStates, restore)
                                 : ForEachNewest(from, SnapshotBlock::kOperatorStates, restore));
  }
  return Status::Ok();
}

}  // namespace millrace
