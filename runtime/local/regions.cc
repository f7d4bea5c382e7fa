#include "runtime/local/regions.h"

#include <numeric>

#include "runtime/local/deployment.h"

namespace millrace {
namespace {

/// Sets of numbers that are joined two by two.
class DisjointSets {
 public:
  explicit DisjointSets(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }
  /// The same for all of a set.
  std::size_t Find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void Join(std::size_t a, std::size_t b) { parent_[Find(a)] = Find(b); }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace

Regions::Regions(const JobPlan& plan, const std::function<bool(const PlanOperator&)>& deals_ahead) {
  std::size_t count = 0;
  for (const PlanVertex& vertex : plan.vertices) {
    first_.push_back(count);
    count += static_cast<std::size_t>(vertex.parallelism);
  }
  DisjointSets joined(count);
  const auto join = [&](TaskId a, TaskId b) { joined.Join(IndexOf(a), IndexOf(b)); };
  const auto op = [&](int id) -> const PlanOperator& {
    return plan.operators[static_cast<std::size_t>(id)];
  };
  for (const PlanOperator& source : plan.operators) {
    if (source.kind != NodeKind::kSource || deals_ahead(source)) continue;
    for (int s = 1; s < source.parallelism; ++s) join({source.vertex, 0}, {source.vertex, s});
  }
  for (const PlanEdge& edge : plan.edges) {
    if (edge.chained) continue;
    const PlanOperator &from = op(edge.from), &to = op(edge.to);
    for (int s = 0; s < from.parallelism; ++s) {
      for (const int t : TargetsOf(edge.partitioning, s, from.parallelism, to.parallelism))
        join({from.vertex, s}, {to.vertex, t});
    }
  }
  region_of_.resize(count);
  std::vector<int> numbers(count, -1);  // by set
  for (const PlanVertex& vertex : plan.vertices) {
    for (int s = 0; s < vertex.parallelism; ++s) {
      const TaskId task{vertex.id, s};
      int& number = numbers[joined.Find(IndexOf(task))];
      if (number < 0) {
        number = static_cast<int>(tasks_.size());
        tasks_.emplace_back();
      }
      region_of_[IndexOf(task)] = number;
      tasks_[static_cast<std::size_t>(number)].push_back(task);
    }
  }
}

std::vector<std::string> VerticesOf(const JobPlan& plan, const Regions& regions, int region) {
  std::vector<std::string> names;
  int last = -1;
  for (const TaskId& task : regions.tasks(region)) {
    if (task.vertex == last) continue;
    last = task.vertex;
    names.push_back(plan.vertices[static_cast<std::size_t>(task.vertex)].name);
  }
  return names;
}

int SubtaskOf(const JobPlan& plan, const Regions& regions, int region) {
  const int subtask = regions.tasks(region).front().subtask;
  for (const TaskId& task : regions.tasks(region)) {
    const bool all = plan.vertices[static_cast<std::size_t>(task.vertex)].parallelism == 1;
    if (task.subtask != subtask || all) return -1;
  }
  return subtask;
}

namespace {

/// So many bytes of it at most, of whole characters.
std::string Cut(const std::string& name) {
  constexpr std::size_t kLongest = 40;
  if (name.size() <= kLongest) return name;
  std::size_t end = kLongest - 3;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;  // UTF-8
  return name.substr(0, end) + "...";
}

}  // namespace

std::string DescribeRegion(const JobPlan& plan, const Regions& regions, int region) {
  constexpr std::size_t kMostNames = 3;
  const std::vector<std::string> names = VerticesOf(plan, regions, region);
  std::string text = "region ";
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i)
    text += (i == 0 ? "'" : ", '") + Cut(names[i]) + "'";
  if (names.size() > kMostNames)
    text += " and " + std::to_string(names.size() - kMostNames) + " more";
  const int subtask = SubtaskOf(plan, regions, region);
  if (subtask >= 0) text += ", subtask " + std::to_string(subtask);
  return text + " (" + std::to_string(regions.tasks(region).size()) + " of " +
         std::to_string(regions.all_tasks()) + " tasks)";
}

}  // namespace millrace
