#include <set>

#include "millrace/api/keyed_stream.h"

namespace millrace::internal {

void DescribeFunction(GraphBuilder& builder, const SideOutputOwner& outputs,
                      const StateOwner* states, NodeSpec* spec) {
  std::set<std::string> names;
  for (const auto& output : outputs.side_outputs()) {
    spec->AddOutput(output.name, output.schema);
    if (!names.insert("output " + output.name).second) {
      builder.NoteError("'" + spec->name + "' has two side outputs named '" + output.name + "'");
    }
  }
  if (states == nullptr) return;
  for (const auto& state : states->states()) {
    spec->AddState(state.name, state.kind, state.schema);
    if (!names.insert("state " + state.name).second) {
      builder.NoteError("'" + spec->name + "' has two states named '" + state.name + "'");
    }
  }
  if (states->states().size() > 32) {
    builder.NoteError("'" + spec->name + "' has more than 32 states");
  }
}

}  // namespace millrace::internal
