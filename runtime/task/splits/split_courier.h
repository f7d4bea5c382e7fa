#pragma once

#include <string>
#include <vector>

namespace millrace {

/// Carries what readers and the coordinator of a source say to each other when they are in different workers. Keeps the
/// order: also between a split and what checkpoints say. Any thread; `source` is the operator's number in the plan.
class SplitCourier {
 public:
  virtual ~SplitCourier() = default;
  /// To the coordinator: the subtask has nothing to read.
  virtual void Request(int source, int subtask) = 0;
  /// To a reader, which sees all of them at once.
  virtual void Assign(int source, int subtask, const std::vector<std::string>& splits) = 0;
  virtual void NoMoreSplits(int source, int subtask) = 0;
};

}  // namespace millrace
