#include "millrace/graph/plan.h"

#include <gtest/gtest.h>

#include "millrace/base/random.h"
#include "millrace/graph/explain.h"
#include "tests/support/plan_nodes.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using test_support::Node;

Result<JobPlan> Build(const StreamGraph& graph, int parallelism = 1) {
  return BuildPlan(graph, {"job", parallelism, "id"});
}

TEST(Plan, KeyByIsChainedAtParallelismOneOnly) {
  StreamGraph graph;
  graph.Add(Node("source", {}));
  graph.Add(Node("sum", {{0, 0, Partitioning::kHash}}));
  EXPECT_EQ(Build(graph, 1).value().vertices.size(), 1u);
  EXPECT_EQ(Build(graph, 2).value().vertices.size(), 2u);
}

TEST(Plan, ADiamondIsThreeTasksDeepOnlyWhereItMustBe) {
  StreamGraph graph;
  graph.Add(Node("source", {}));
  graph.Add(Node("left", {{0, 0, Partitioning::kForward}}));
  graph.Add(Node("right", {{0, 0, Partitioning::kForward}}));
  graph.Add(Node("union", {{1, 0, Partitioning::kForward}, {2, 0, Partitioning::kForward}}));
  const JobPlan plan = Build(graph, 3).value();
  ASSERT_EQ(plan.vertices.size(), 2u);
  EXPECT_EQ(plan.vertices[0].operators, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(plan.vertices[1].operators, (std::vector<int>{3}));
}

TEST(Plan, MistakesAreNamed) {
  StreamGraph twice;
  twice.Add(Node("a", {}));
  twice.Add(Node("a", {{0, 0, Partitioning::kForward}}));
  EXPECT_NE(Build(twice).status().message().find("two operators are named 'a'"), std::string::npos);

  StreamGraph cycle;
  cycle.Add(Node("x", {{1, 0, Partitioning::kForward}}));
  cycle.Add(Node("y", {{0, 0, Partitioning::kForward}}));
  EXPECT_NE(Build(cycle).status().message().find("cycle through 'x', 'y'"), std::string::npos);

  StreamGraph wide;
  wide.Add(Node("w", {}, 5000));
  EXPECT_NE(Build(wide).status().message().find("parallelism 5000"), std::string::npos);

  StreamGraph forward;
  forward.Add(Node("one", {}, 1));
  forward.Add(Node("two", {{0, 0, Partitioning::kForward, 0, true}}, 2));
  EXPECT_NE(Build(forward).status().message().find("use Rebalance"), std::string::npos);

  EXPECT_FALSE(Build(StreamGraph()).ok());
}

TEST(Plan, ADefaultForwardBetweenUnequalParallelismIsRebalanced) {
  StreamGraph graph;
  graph.Add(Node("one", {}, 1));
  graph.Add(Node("two", {{0, 0, Partitioning::kForward}}, 2));
  EXPECT_EQ(Build(graph).value().edges[0].partitioning, Partitioning::kRebalance);
}

TEST(Plan, TheHashSeesNamesTypesAndEdgesButNotParallelism) {
  const auto hash = [](const std::string& name, const std::string& schema, Partitioning p,
                       int parallelism) {
    StreamGraph graph;
    NodeSpec source = Node("source", {});
    source.outputs[0].schema = schema;
    graph.Add(source);
    graph.Add(Node(name, {{0, 0, p}}));
    return Build(graph, parallelism).value().hash;
  };
  const std::uint64_t base = hash("sum", "int64", Partitioning::kHash, 1);
  EXPECT_EQ(base, hash("sum", "int64", Partitioning::kHash, 4));
  EXPECT_NE(base, hash("total", "int64", Partitioning::kHash, 1));
  EXPECT_NE(base, hash("sum", "double", Partitioning::kHash, 1));
  EXPECT_NE(base, hash("sum", "int64", Partitioning::kRebalance, 1));
}

StreamGraph RandomGraph(Random& random) {
  StreamGraph graph;
  const int n = 1 + static_cast<int>(random.Uniform(12));
  for (int i = 0; i < n; ++i) {
    std::vector<InputSpec> inputs;
    if (i > 0) {
      for (std::uint64_t k = random.Uniform(3); k > 0; --k) {
        inputs.push_back({static_cast<int>(random.Uniform(static_cast<std::uint64_t>(i))), 0,
                          static_cast<Partitioning>(random.Uniform(7)), 0});
      }
    }
    graph.Add(Node("n" + std::to_string(i), inputs, static_cast<int>(random.Uniform(3))));
  }
  return graph;
}

TEST(Plan, RandomGraphsSurviveTheWireAndKeepTheirInvariants) {
  for (const std::uint64_t seed : test_support::Seeds(1, 300)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Result<JobPlan> built =
        Build(RandomGraph(random), 1 + static_cast<int>(random.Uniform(3)));
    ASSERT_TRUE(built.ok()) << built.status().ToString();
    const std::string bytes = SerializePlan(built.value());
    const Result<JobPlan> read = ParsePlan(bytes);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_EQ(SerializePlan(read.value()), bytes);
    for (const PlanEdge& e : read.value().edges) {
      const bool same = read.value().operators[static_cast<std::size_t>(e.from)].vertex ==
                        read.value().operators[static_cast<std::size_t>(e.to)].vertex;
      if (e.chained) EXPECT_TRUE(same);
    }
    EXPECT_FALSE(Explain(read.value(), ExplainFormat::kText).empty());
  }
}

TEST(Plan, AWrittenGraphThatDoesNotHoldTogetherIsRefused) {
  StreamGraph graph;
  graph.Add(Node("source", {}));
  graph.Add(Node("a", {{0, 0, Partitioning::kHash}}));
  graph.Add(Node("b", {{1, 0, Partitioning::kHash}}));
  const JobPlan good = Build(graph, 2).value();
  ASSERT_TRUE(ParsePlan(SerializePlan(good)).ok());
  const auto refusal = [&](auto change) {
    JobPlan plan = good;
    change(plan);
    const Result<JobPlan> read = ParsePlan(SerializePlan(plan));
    return read.ok() ? "accepted" : read.status().message();
  };
  EXPECT_EQ(refusal([](JobPlan& p) {
              p.edges.push_back({2, 0, 1, 1, 0, Partitioning::kRebalance, false});
            }),
            "read a job graph: the streams form a cycle through 'a', 'b'");
  EXPECT_EQ(refusal([](JobPlan& p) { p.edges[0].from = 1; }),
            "read a job graph: the edge from 'a' to 'a' stays in a vertex, but is not chained");
  EXPECT_EQ(refusal([](JobPlan& p) {
              p.edges[1].from = 0;
              p.edges.push_back({2, 0, 0, 0, 0, Partitioning::kRebalance, false});
            }),
            "read a job graph: the edge from 'b' to 'source' ends in a source");
  EXPECT_EQ(refusal([](JobPlan& p) { p.edges.pop_back(); }),
            "read a job graph: operator 'b' has no input");
  EXPECT_EQ(refusal([](JobPlan& p) { p.edges.push_back(p.edges[1]); }),
            "read a job graph: two edges are input 0 of 'b'");
  EXPECT_EQ(refusal([](JobPlan& p) { p.operators[2].parallelism = 3; }),
            "read a job graph: vertex 'b' has operators of other parallelism");
  EXPECT_EQ(refusal([](JobPlan& p) { p.edges[1].chained = true; }),
            "read a job graph: the edge from 'a' to 'b' is chained, but leaves its vertex");
  EXPECT_EQ(refusal([](JobPlan& p) {
              p.operators[2].vertex = 1;
              p.vertices[1].operators = {2, 1};
              p.vertices.pop_back();
              p.edges[1].chained = true;
            }),
            "read a job graph: vertex 'a' is no tree of chained operators");
}

TEST(Plan, HostileBytesAreRefused) {
  Random random(5);
  StreamGraph graph;
  graph.Add(Node("source", {}));
  graph.Add(Node("sum", {{0, 0, Partitioning::kHash}}));
  const std::string good = SerializePlan(Build(graph).value());
  for (int i = 0; i < 2000; ++i) {
    std::string bad = good;
    for (std::uint64_t k = 1 + random.Uniform(3); k > 0; --k)
      bad[random.Uniform(bad.size())] = static_cast<char>(random.Next());
    const Result<JobPlan> read =
        ParsePlan(bad);  // refused or a plan that holds together; never a crash
    if (read.ok()) (void)Explain(read.value(), ExplainFormat::kJson);
  }
  EXPECT_FALSE(ParsePlan("nonsense").ok());
}

}  // namespace
}  // namespace millrace
