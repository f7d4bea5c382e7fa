#pragma once

#include <memory>
#include <utility>

#include "millrace/operators/chain/chain_operator.h"
#include "millrace/operators/source/source_operator.h"

/// What a closed pipe leaves in the graph: the operator's parts, of which each subtask gets its own copy.
namespace millrace::internal {

/// A factory that copies a prototype.
class Prototype : public OperatorFactory {
 public:
  /// `main`: the rows of the main output, null when it has none.
  Prototype(const BatchType* main, bool timed) : main_(main), timed_(timed) {}
  const BatchType* OutputType(int output) const final;
  bool OutputTimed(int) const final { return timed_; }
  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const override;

 protected:
  virtual const BatchType* SideOutputType(int output) const;

 private:
  const BatchType* main_;
  bool timed_;
};

template <class Chain>
const BatchType* MainOutputOf() {
  if constexpr (Chain::Tail::kHasEdges) {
    return &BatchTypeOf<typename Chain::Tail::Record>();
  } else {
    return nullptr;
  }
}

/// Fused steps behind an edge.
template <class T, class Chain>
class StepsPrototype final : public Prototype {
 public:
  StepsPrototype(Chain&& chain, bool timed)
      : Prototype(MainOutputOf<Chain>(), timed), chain_(std::move(chain)) {}
  std::unique_ptr<Operator> Create() const override {
    return std::unique_ptr<Operator>(new BatchOperator<T, Chain>(chain_));
  }

 private:
  Chain chain_;
};

template <class Source, class Strategy, class Chain>
class SourcePrototype final : public Prototype {
 public:
  SourcePrototype(const Source& source, const Strategy& strategy, Chain&& chain)
      : Prototype(MainOutputOf<Chain>(), Strategy::Generator::kTimed),
        source_(source),
        strategy_(strategy),
        chain_(std::move(chain)) {}
  std::unique_ptr<Operator> Create() const override {
    return std::unique_ptr<Operator>(
        new SourceOperator<Source, Strategy, Chain>(source_, strategy_, chain_));
  }
  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const override {
    return source_.CreateEnumerator(parallelism);
  }

 private:
  const BatchType* SideOutputType(int) const override {
    return SideOfSource<Source>::Type(source_);
  }

  Source source_;
  Strategy strategy_;
  Chain chain_;
};

/// Defaults of what makes a stateful operator: `Create<Chain>(const Chain&)` is its own.
struct MakeBase {
  const BatchType* SideOutputType(int) const { return nullptr; }
  static constexpr bool kAlwaysTimed = false;
};

template <class MakeOp, class Chain>
class OperatorPrototype final : public Prototype {
 public:
  OperatorPrototype(MakeOp&& make, Chain&& chain, bool timed)
      : Prototype(MainOutputOf<Chain>(), timed || MakeOp::kAlwaysTimed),
        make_(std::move(make)),
        chain_(std::move(chain)) {}
  std::unique_ptr<Operator> Create() const override { return make_.template Create<Chain>(chain_); }

 private:
  const BatchType* SideOutputType(int output) const override {
    return make_.SideOutputType(output);
  }

  MakeOp make_;
  Chain chain_;
};

}  // namespace millrace::internal
