#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "millrace/graph/plan.h"
#include "runtime/checkpoint/snapshot_target.h"

namespace millrace {

/// Which tasks of a plan have to be started again together: a region is all that is connected by channels, in either direction.
/// Between regions no record goes, so that one may go back to a checkpoint while the others run on. Pure.
/// (Flink: pipelined region)
///
/// The subtasks of a source are in one region, also where nothing else connects them: they share an enumerator, and after it went
/// back it could give one of them a split that another has read meanwhile. But for those whose enumerator deals ahead.
class Regions {
 public:
  Regions() = default;
  /// `deals_ahead(source)`: the enumerator of this source does.
  Regions(const JobPlan& plan, const std::function<bool(const PlanOperator&)>& deals_ahead);

  std::size_t count() const { return tasks_.size(); }
  /// Numbered by their first vertex and subtask.
  int of(TaskId task) const { return region_of_[IndexOf(task)]; }
  /// By vertex, then subtask.
  const std::vector<TaskId>& tasks(int region) const {
    return tasks_[static_cast<std::size_t>(region)];
  }
  /// Of all regions.
  std::size_t all_tasks() const { return region_of_.size(); }

 private:
  std::size_t IndexOf(TaskId task) const {
    return first_[static_cast<std::size_t>(task.vertex)] + static_cast<std::size_t>(task.subtask);
  }

  std::vector<std::size_t> first_;          // by vertex: where its subtasks stand among all tasks
  std::vector<int> region_of_;              // by task
  std::vector<std::vector<TaskId>> tasks_;  // by region
};

/// The names of the vertices that have tasks in a region, in the plan's order.
std::vector<std::string> VerticesOf(const JobPlan& plan, const Regions& regions, int region);

/// The subtask whose tasks these are, of vertices that have others too; -1: it is not just one.
int SubtaskOf(const JobPlan& plan, const Regions& regions, int region);

/// For a message: "region 'numbers', 'sums' (4 of 6 tasks)". What would be long is cut.
std::string DescribeRegion(const JobPlan& plan, const Regions& regions, int region);

}  // namespace millrace
