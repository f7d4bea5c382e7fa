#include <set>

#include "millrace/api/keyed_stream.h"

namespace millrace::internal {
namespace {

void CheckTtl(GraphBuilder& builder, const std::string& name, const StateOwner::Entry& state,
              bool timed) {
  const Ttl& ttl = state.expiry.ttl;
  const std::string what = "state '" + state.name + "': ";
  if (const std::string mistake = ttl.Mistake(); !mistake.empty())
    builder.NoteMistake(name, what + mistake);
  if (ttl.domain() == TimeDomain::kEventTime && !timed) {
    builder.NoteMistake(name, what +
                                  "a time to live in event time, on a stream without: give the "
                                  "source a WatermarkStrategy with WithTimestamp");
  }
}

}  // namespace

void DescribeFunction(GraphBuilder& builder, const SideOutputOwner& outputs,
                      const OperatorStateOwner& states, const StateOwner* keyed, bool timed,
                      NodeSpec* spec) {
  std::set<std::string> names;
  for (const auto& output : outputs.side_outputs()) {
    spec->AddOutput(output.name, output.schema);
    if (!names.insert("output " + output.name).second) {
      builder.NoteError("'" + spec->name + "' has two side outputs named '" + output.name + "'");
    }
  }
  const auto add = [&](const auto& state) {
    spec->AddState(state.name, state.kind, state.schema);
    spec->stateful = true;
    if (!names.insert("state " + state.name).second) {
      builder.NoteError("'" + spec->name + "' has two states named '" + state.name + "'");
    }
  };
  for (const auto& state : states.operator_states()) add(state);
  if (keyed == nullptr) return;
  for (const auto& state : keyed->states()) {
    add(state);
    if (state.expiry.next != nullptr) CheckTtl(builder, spec->name, state, timed);
  }
  if (keyed->states().size() > 32) {
    builder.NoteError("'" + spec->name + "' has more than 32 states");
  }
}

}  // namespace millrace::internal
