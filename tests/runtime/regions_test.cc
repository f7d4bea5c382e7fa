// Which tasks are started again together, for plans of every shape.
#include "runtime/local/regions.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "millrace/graph/plan.h"
#include "tests/support/plan_nodes.h"

namespace millrace {
namespace {

using test_support::Node;

InputSpec From(int node, Partitioning partitioning) {
  InputSpec input;
  input.node = node;
  input.partitioning = partitioning;
  return input;
}

constexpr auto kForward = Partitioning::kForward;
constexpr auto kHash = Partitioning::kHash;
constexpr auto kBroadcast = Partitioning::kBroadcast;
constexpr auto kRescale = Partitioning::kRescale;

struct Shape {
  std::string name;
  std::vector<NodeSpec> nodes;
  int parallelism;
  bool deals_ahead;
  /// The tasks of each region, "VERTEX/SUBTASK ..."; regions are parted by "| ".
  std::string regions;
};

JobPlan PlanOf(const Shape& shape) {
  StreamGraph graph;
  for (const NodeSpec& node : shape.nodes) graph.Add(node);
  return BuildPlan(graph, {"job", shape.parallelism, "id"}).value();
}
Regions RegionsOf(const Shape& shape, const JobPlan& plan) {
  return Regions(plan, [&](const PlanOperator&) { return shape.deals_ahead; });
}
std::string Text(const Regions& regions) {
  std::string text;
  for (int region = 0; region < static_cast<int>(regions.count()); ++region) {
    if (region > 0) text += "| ";
    for (const TaskId& task : regions.tasks(region))
      text += std::to_string(task.vertex) + "/" + std::to_string(task.subtask) + " ";
  }
  return text;
}

const std::vector<NodeSpec> kTwoPipelines = {Node("a", {}), Node("a sums", {From(0, kHash)}),
                                             Node("b", {}), Node("b sums", {From(2, kHash)})};

std::vector<Shape> Shapes() {
  return {
      {"one pipeline",
       {Node("a", {}), Node("sums", {From(0, kHash)})},
       2,
       true,
       "0/0 0/1 1/0 1/1 "},
      {"two pipelines", kTwoPipelines, 2, true, "0/0 0/1 2/0 2/1 | 1/0 1/1 3/0 3/1 "},
      {"two pipelines of one task each", kTwoPipelines, 1, true, "0/0 | 1/0 "},
      {"a union of both",
       {Node("a", {}), Node("b", {}), Node("both", {From(0, kForward), From(1, kForward)}),
        Node("sums", {From(2, kHash)})},
       2,
       true,
       "0/0 0/1 1/0 1/1 2/0 2/1 3/0 3/1 "},
      {"a union that deals, and a third that it does not know",
       {Node("a", {}), Node("b", {}), Node("both", {From(0, kForward), From(1, kForward)}),
        Node("c", {})},
       2,
       true,
       "0/0 1/0 3/0 | 0/1 1/1 3/1 | 2/0 | 2/1 "},
      {"a broadcast connects every subtask",
       {Node("rules", {}, 1), Node("a", {}),
        Node("judge", {From(1, kForward), From(0, kBroadcast)})},
       2,
       true,
       "0/0 1/0 1/1 2/0 2/1 "},
      {"forward only, splits that are dealt ahead",
       {Node("a", {}), Node("lines", {From(0, kForward)}), Node("b", {}),
        Node("joined", {From(1, kForward), From(2, kForward)})},
       3,
       true,
       "0/0 1/0 2/0 | 0/1 1/1 2/1 | 0/2 1/2 2/2 "},
      {"forward only, a shared enumerator",
       {Node("a", {}), Node("lines", {From(0, kForward)})},
       3,
       false,
       "0/0 0/1 0/2 "},
      {"a shared enumerator joins what hangs on its subtasks",
       {Node("a", {}), Node("wide", {From(0, kRescale)}, 4)},
       2,
       false,
       "0/0 0/1 1/0 1/1 1/2 1/3 "},
      {"rescale",
       {Node("a", {}), Node("wide", {From(0, kRescale)}, 4)},
       2,
       true,
       "0/0 1/0 1/1 | 0/1 1/2 1/3 "},
      {"one source, two that read it",
       {Node("a", {}), Node("x", {From(0, kHash)}), Node("y", {From(0, kHash)})},
       2,
       true,
       "0/0 0/1 1/0 1/1 2/0 2/1 "},
  };
}

TEST(Regions, OfEachShape) {
  for (const Shape& shape : Shapes()) {
    SCOPED_TRACE(shape.name);
    const JobPlan plan = PlanOf(shape);
    const Regions regions = RegionsOf(shape, plan);
    EXPECT_EQ(Text(regions), shape.regions);
    std::size_t tasks = 0;
    for (int region = 0; region < static_cast<int>(regions.count()); ++region) {
      tasks += regions.tasks(region).size();
      for (const TaskId& task : regions.tasks(region)) EXPECT_EQ(regions.of(task), region);
    }
    EXPECT_EQ(tasks, regions.all_tasks());
  }
}

TEST(Regions, AreDescribedByTheirVertices) {
  const Shape pipelines{"", kTwoPipelines, 2, true, ""};
  const JobPlan two = PlanOf(pipelines);
  EXPECT_EQ(DescribeRegion(two, RegionsOf(pipelines, two), 1),
            "region 'b', 'b sums' (4 of 8 tasks)");
  const Shape lines{"", {Node("a", {}), Node("lines", {From(0, kForward)})}, 3, true, ""};
  const JobPlan forward = PlanOf(lines);
  const Regions subtasks = RegionsOf(lines, forward);
  EXPECT_EQ(SubtaskOf(forward, subtasks, 2), 2);
  EXPECT_EQ(DescribeRegion(forward, subtasks, 2), "region 'a -> lines', subtask 2 (1 of 3 tasks)");
  const std::string name(50, 'n');
  Shape long_names{"", {Node(name, {})}, 1, true, ""};
  for (int i = 0; i < 4; ++i)
    long_names.nodes.push_back(Node("v" + std::to_string(i), {From(0, kRescale)}, 2));
  const JobPlan plan = PlanOf(long_names);
  EXPECT_EQ(DescribeRegion(plan, RegionsOf(long_names, plan), 0),
            "region '" + std::string(37, 'n') + "...', 'v0', 'v1' and 2 more (9 of 9 tasks)");
}

}  // namespace
}  // namespace millrace
