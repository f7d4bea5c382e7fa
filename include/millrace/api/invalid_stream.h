#pragma once

#include <string>
#include <vector>

#include "millrace/api/graph_builder.h"

namespace millrace {

/// What a call gives back whose arguments a static_assert has just refused: takes whatever follows in the chain, so
/// that the compiler says one sentence and not a page. No program that compiles has one.
class InvalidStream {
 public:
  using Record = InvalidStream;

#define MILLRACE_TAKES_ANYTHING(method)    \
  template <class R = void, class... Args> \
  InvalidStream method(Args&&...) const {  \
    return {};                             \
  }
  MILLRACE_TAKES_ANYTHING(Map)
  MILLRACE_TAKES_ANYTHING(Filter)
  MILLRACE_TAKES_ANYTHING(FlatMap)
  MILLRACE_TAKES_ANYTHING(Process)
  MILLRACE_TAKES_ANYTHING(KeyBy)
  MILLRACE_TAKES_ANYTHING(Rebalance)
  MILLRACE_TAKES_ANYTHING(Rescale)
  MILLRACE_TAKES_ANYTHING(Broadcast)
  MILLRACE_TAKES_ANYTHING(Global)
  MILLRACE_TAKES_ANYTHING(Forward)
  MILLRACE_TAKES_ANYTHING(PartitionCustom)
  MILLRACE_TAKES_ANYTHING(Union)
  MILLRACE_TAKES_ANYTHING(SinkTo)
  MILLRACE_TAKES_ANYTHING(Print)
  MILLRACE_TAKES_ANYTHING(AssignTimestampsAndWatermarks)
  MILLRACE_TAKES_ANYTHING(SideOutput)
  MILLRACE_TAKES_ANYTHING(Parallelism)
  MILLRACE_TAKES_ANYTHING(Reduce)
  MILLRACE_TAKES_ANYTHING(Aggregate)
  MILLRACE_TAKES_ANYTHING(Connect)
  MILLRACE_TAKES_ANYTHING(Window)
  MILLRACE_TAKES_ANYTHING(AllowedLateness)
  MILLRACE_TAKES_ANYTHING(SideOutputLate)
  MILLRACE_TAKES_ANYTHING(ExecuteAndCollect)
#undef MILLRACE_TAKES_ANYTHING

  template <class Anything>
  operator Anything() const;  // NOLINT: implicit on purpose
};

namespace internal {

/// The pipe of a named stream whose records can't cross the edge that the name makes: closes into nothing.
template <class T>
class InvalidPipe {
 public:
  using Record = T;
  explicit InvalidPipe(GraphBuilder* builder) : builder_(builder) {}
  GraphBuilder& builder() const { return *builder_; }
  bool timed() const { return false; }
  int node() const { return 0; }
  std::shared_ptr<StreamMark> Branch(const std::string&) const { return nullptr; }
  int SetParallelism(int) { return 0; }
  template <class Chain>
  int Close(const Chain&, const std::vector<std::string>&) {
    return 0;
  }
  template <class Pipe>
  operator Pipe() const;  // NOLINT: implicit on purpose

 private:
  GraphBuilder* builder_;
};

}  // namespace internal
}  // namespace millrace
