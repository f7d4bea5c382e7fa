#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// Carries what readers and the coordinator of a source say to each other when they are in different workers. Keeps the
/// order: also between a split and what checkpoints say. Any thread; `source` is the operator's number in the plan.
class SplitCourier {
 public:
  virtual ~SplitCourier() = default;
  /// To the coordinator: the subtask has nothing to read.
  virtual void Request(int source, int subtask) = 0;
  /// To a reader.
  virtual void Assign(int source, int subtask, std::string_view split) = 0;
  virtual void NoMoreSplits(int source, int subtask) = 0;
  /// The end of what a request gives.
  virtual void Answered(int source, int subtask) = 0;
};

}  // namespace millrace
