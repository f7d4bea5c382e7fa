#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "millrace/io/batch.h"
#include "millrace/operators/chain/chain.h"
#include "millrace/operators/chain/chain_tail.h"
#include "millrace/operators/edge/edge_tail.h"
#include "millrace/operators/edge/output_end.h"

namespace millrace {

/// One edge of an output that branches: takes rows a batch at a time.
template <class T>
class PortEdge : public OutputEnd {
 public:
  /// Copies rows to the edge; moves them when `last` says nobody else reads them.
  virtual void Scatter(T* rows, const EventTime* times, std::uint32_t count, bool last) = 0;
};

/// What a consumer leaves at a branching output: how its edge takes rows.
template <class T>
class TypedPortEdgeFactory : public PortEdgeFactory {
 public:
  virtual std::unique_ptr<PortEdge<T>> Create(OperatorContext& context, std::size_t output,
                                              std::size_t edge) const = 0;
};

namespace internal {

template <class T, class Router>
class RoutedPortEdge final : public PortEdge<T> {
 public:
  RoutedPortEdge(Router router, OperatorContext& context, std::size_t output, std::size_t edge)
      : tail_(std::move(router)) {
    tail_.BindTo(context, output, edge);
  }
  void Scatter(T* rows, const EventTime* times, std::uint32_t count, bool last) override {
    auto cursor = tail_.Begin();
    for (std::uint32_t i = 0; i < count; ++i) {
      if (last) {
        cursor.Push(rows[i], times[i]);
      } else {
        cursor.Push(std::as_const(rows[i]), times[i]);
      }
    }
    cursor.PutBack();
  }
  bool Blocked() override { return tail_.Blocked(); }
  void Flush(FlushMode mode) override { tail_.Flush(mode); }
  void EmitWatermark(EventTime watermark) override { tail_.EmitWatermark(watermark); }
  void EmitIdle() override { tail_.EmitIdle(); }
  void EmitEnd() override { tail_.EmitEnd(); }
  void EmitBarrier(std::int64_t checkpoint) override { tail_.EmitBarrier(checkpoint); }

 private:
  EdgeTail<T, Router> tail_;
};

}  // namespace internal

template <class T, class Router>
class RoutedPortEdgeFactory final : public TypedPortEdgeFactory<T> {
 public:
  explicit RoutedPortEdgeFactory(Router router) : router_(std::move(router)) {}
  std::unique_ptr<PortEdge<T>> Create(OperatorContext& context, std::size_t output,
                                      std::size_t edge) const override {
    return std::make_unique<internal::RoutedPortEdge<T, Router>>(router_, context, output, edge);
  }

 private:
  Router router_;
};

/// An output that any number of edges read: rows are collected in one batch, then dealt to each edge.
/// The main output of a named stream, and every side output.
template <class T>
class OutputPort {
 public:
  void Bind(OperatorContext& context, std::size_t output) {
    counters_ = context.counters;
    arena_ = context.arena;
    const std::size_t edges = context.outputs[output].size();
    for (std::size_t e = 0; e < edges; ++e) {
      auto* factory = static_cast<TypedPortEdgeFactory<T>*>(context.port_factories[output][e]);
      edges_.push_back(factory != nullptr ? factory->Create(context, output, e)
                                          : SingleEdge(context, output, e));
    }
    rows_.resize(kRows);
    times_.resize(kRows);
  }

  template <class U>
  MILLRACE_INLINE void Push(U& x, EventTime t) {
    if (size_ == kRows) [[unlikely]]
      Deal();
    if constexpr (kHasStringView<T>) {
      if (size_ == 0) pin_ = arena_->Pin();
    }
    if constexpr (std::is_const_v<U>) {
      CopyInto(rows_[size_], x);
    } else {
      MoveInto(rows_[size_], x);
    }
    if constexpr (kHasStringView<T>) AdoptStrings(rows_[size_], *arena_);
    times_[size_++] = t;
  }

  bool Blocked() {
    for (auto& e : edges_) {
      if (e->Blocked()) return true;
    }
    return false;
  }
  void Flush(FlushMode mode) {
    Deal();
    for (auto& e : edges_) e->Flush(mode);
  }
  void EmitWatermark(EventTime watermark) {
    Deal();
    for (auto& e : edges_) e->EmitWatermark(watermark);
  }
  void EmitIdle() {
    Deal();
    for (auto& e : edges_) e->EmitIdle();
  }
  void EmitEnd() {
    Deal();
    for (auto& e : edges_) e->EmitEnd();
  }
  void EmitBarrier(std::int64_t checkpoint) {
    Deal();
    for (auto& e : edges_) e->EmitBarrier(checkpoint);
  }
  std::uint64_t total() const { return total_; }
  std::uint32_t waiting() const { return size_; }

 private:
  static constexpr std::uint32_t kRows = 128;

  /// An edge whose consumer has left no factory (the test kit): all rows to its one target.
  static std::unique_ptr<PortEdge<T>> SingleEdge(OperatorContext& context, std::size_t output,
                                                 std::size_t edge) {
    using Edge = internal::RoutedPortEdge<T, SingleRouter<T>>;
    return std::make_unique<Edge>(SingleRouter<T>(), context, output, edge);
  }

  void Deal() {
    total_ += size_;
    for (std::size_t e = 0; e < edges_.size(); ++e) {
      if (size_ > 0) edges_[e]->Scatter(rows_.data(), times_.data(), size_, e + 1 == edges_.size());
    }
    if constexpr (kHasStringView<T>) {
      if (size_ > 0) arena_->Unpin(pin_);
    }
    size_ = 0;
    if constexpr (kHasHeap<T>) {  // as BatchLedger does with the rows of batches
      if (++deals_ % kLook == 0 && internal::HeldByRows<T>(rows_.data(), kRows) > kMostHeld)
        std::vector<T>(kRows).swap(rows_);
    }
  }
  static constexpr std::uint32_t kLook = 64;
  static constexpr std::uint64_t kMostHeld = 512 * 1024;

  std::vector<std::unique_ptr<PortEdge<T>>> edges_;
  std::vector<T> rows_;
  std::vector<EventTime> times_;
  std::uint32_t size_ = 0;
  std::uint32_t deals_ = 0;
  std::uint64_t total_ = 0;
  Arena* arena_ = nullptr;
  std::uint64_t pin_ = 0;
  OperatorCounters* counters_ = nullptr;
};

/// The end of a chain that feeds a named stream.
template <class T>
class PortTail final : public ChainTail {
 public:
  using Record = T;
  using Tail = PortTail;
  static constexpr bool kHasEdges = true;
  PortTail() = default;
  PortTail(const PortTail&) : ChainTail() {}
  PortTail(PortTail&&) noexcept {}

  void Bind(ChainContext& c) {
    counters_ = c.operator_context().counters;
    port_.Bind(c.operator_context(), 0);
  }
  PortTail& tail() { return *this; }

  struct Cursor {
    PortTail* tail;
    std::uint64_t count = 0;
    template <class U>
    MILLRACE_INLINE void Push(U& x, EventTime t) {
      ++count;
      tail->port_.Push(x, t);
    }
    MILLRACE_INLINE void End() { tail->counters_->out.Add(count); }
  };
  MILLRACE_INLINE Cursor Begin() { return {this}; }

  bool Blocked() override { return port_.Blocked(); }
  void Flush(FlushMode mode) override { port_.Flush(mode); }
  void EmitWatermark(EventTime watermark) override { port_.EmitWatermark(watermark); }
  void EmitIdle() override { port_.EmitIdle(); }
  void EmitEnd() override { port_.EmitEnd(); }
  void EmitBarrier(std::int64_t checkpoint) override { port_.EmitBarrier(checkpoint); }

 private:
  OutputPort<T> port_;
  OperatorCounters* counters_ = nullptr;
};

}  // namespace millrace
