#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

inline constexpr int kMaxParallelism = 4096;

/// How the records of an edge are dealt to the consumer's subtasks.
enum class Partitioning : std::uint8_t {
  kForward,
  kHash,
  kRebalance,
  kRescale,
  kBroadcast,
  kGlobal,
  kCustom,
};
enum class NodeKind : std::uint8_t { kSource, kOperator };

struct StateSpec {
  std::string name;
  std::string kind;    // value, list, map ...
  std::string schema;  // millrace/io/schema.h
};
struct OutputSpec {
  std::string tag;  // "" = the main output
  std::string schema;
  std::uint64_t fingerprint = 0;
};
/// One edge into a node. Edges with the same port make a union.
struct InputSpec {
  int node = 0;
  int output = 0;
  Partitioning partitioning = Partitioning::kForward;
  int port = 0;
  bool partitioning_chosen = false;  // by the user: a forward edge stays one, or is an error
};

/// An operator as the fluent API describes it, with the steps that are fused to it.
struct NodeSpec {
  // In the .cc file, as every job's translation unit would compile them anew.
  NodeSpec();
  ~NodeSpec();
  NodeSpec(const NodeSpec&);
  NodeSpec(NodeSpec&&) noexcept;
  NodeSpec& operator=(const NodeSpec&);
  NodeSpec& operator=(NodeSpec&&) noexcept;
  void AddInput(InputSpec input);
  void AddOutput(std::string tag, std::string schema);
  /// The output without a tag, which stands first.
  void SetMainOutput(std::string schema);
  void AddState(std::string name, std::string kind, std::string schema);

  std::string name;
  bool named_by_user = false;
  bool stateful = false;
  NodeKind kind = NodeKind::kOperator;
  int parallelism = 0;  // 0: the job's default
  std::vector<std::string> steps;
  std::vector<InputSpec> inputs;
  std::vector<OutputSpec> outputs;
  std::string key_schema;
  std::vector<StateSpec> states;
};

/// What the fluent API fills. Nodes stand in the order in which they were closed: inputs come first.
class StreamGraph {
 public:
  int Add(NodeSpec spec);
  NodeSpec& node(int id) { return nodes_[static_cast<std::size_t>(id)]; }
  const NodeSpec& node(int id) const { return nodes_[static_cast<std::size_t>(id)]; }
  int size() const { return static_cast<int>(nodes_.size()); }
  /// A stream that was dropped without a sink: a warning of the plan. `what`: "source 'x': what comes of that".
  void NoteUnconsumed(std::string what);
  const std::vector<std::string>& unconsumed() const { return unconsumed_; }

 private:
  std::vector<NodeSpec> nodes_;
  std::vector<std::string> unconsumed_;
};

}  // namespace millrace
