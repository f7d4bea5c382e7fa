#pragma once

#include <memory>
#include <string>
#include <utility>

#include "millrace/operators/chain/chain_operator.h"
#include "millrace/operators/chain/side_port.h"
#include "millrace/operators/edge/key_column.h"
#include "millrace/operators/snapshot.h"
#include "millrace/operators/user_error.h"
#include "millrace/operators/watermarks.h"
#include "millrace/operators/window/window_types.h"

namespace millrace {

/// What a window operator is made of besides its types.
template <class WindowKind>
struct WindowSpec {
  std::string name;
  WindowKind windows;
  Duration lateness{0};
  int late_output = -1;  // the output that takes late records; -1: they are counted only
};

/// What all window operators share: user functions with errors that name the record or key, and the late output.
template <class K, class In, class KeyFn, class Agg, class WindowFn, class WindowKind, class Chain>
class WindowOperatorBase : public ChainOperator<Chain> {
 public:
  using Accumulator = typename Agg::Accumulator;
  using Out = typename WindowFn::Out;
  using Spec = WindowSpec<WindowKind>;

  WindowOperatorBase(Spec spec, const KeyFn& key, const Agg& agg, const WindowFn& fn,
                     const Chain& chain)
      : ChainOperator<Chain>(chain), spec_(std::move(spec)), key_(key), agg_(agg), window_fn_(fn) {}

  void Open(OperatorContext& context) override {
    ChainOperator<Chain>::Open(context);
    if (spec_.late_output < 0) return;
    auto late = std::make_unique<internal::TypedSidePort<In>>();
    late->Bind(context, static_cast<std::size_t>(spec_.late_output));
    late_ = late.get();
    this->AddSide(std::move(late));
  }
  bool CanHashKeys(int) const override { return kIsWordKey<K>; }
  void HashKeys(int, Batch& batch) override { HashKeysOf<In>(key_, batch); }

 protected:
  void OnLate(In& record, std::int64_t time) {
    this->context_->counters->late.Add(1);
    if (late_ != nullptr) late_->Push(record, EventTime::FromMillis(time));
  }
  /// Of records whose event time is no place on the time line: they have none, or it was made by EmitAt or by a timer at
  /// the end of time.
  void CheckWindowTime(const In& record, std::int64_t time) const {
    if (TimestampInRange(EventTime::FromMillis(time))) return;
    try {
      ThrowUnwindowable(EventTime::FromMillis(time));
    } catch (...) {
      internal::RethrowWith<std::remove_cvref_t<decltype(record)>>(spec_.name, record);
    }
  }
  MILLRACE_INLINE Accumulator Created() const {
    try {
      return agg_.Create();
    } catch (...) {
      internal::RethrowIn("Create of '" + spec_.name + "'");
    }
  }
  MILLRACE_INLINE void AddTo(Accumulator& acc, const In& record) { AddTo(agg_, acc, record); }
  MILLRACE_INLINE void AddTo(const Agg& agg, Accumulator& acc, const In& record) {
    try {
      agg.Add(acc, record);
    } catch (...) {
      internal::RethrowWith<std::remove_cvref_t<decltype(record)>>(spec_.name, record);
    }
  }
  MILLRACE_INLINE void MergeInto(Accumulator& acc, const Accumulator& other) {
    try {
      agg_.Merge(acc, other);
    } catch (...) {
      internal::RethrowAt(spec_.name, "merging accumulator " + internal::DescribeRecord(other) +
                                          " into " + internal::DescribeRecord(acc));
    }
  }
  MILLRACE_INLINE void SubtractFrom(Accumulator& acc, const Accumulator& other) {
    try {
      agg_.Subtract(acc, other);
    } catch (...) {
      internal::RethrowAt(spec_.name, "subtracting accumulator " + internal::DescribeRecord(other) +
                                          " from " + internal::DescribeRecord(acc));
    }
  }
  /// One result; its time is the window's last millisecond.
  template <class Cursor>
  MILLRACE_INLINE void EmitResult(Cursor& out, const K& key, const Window& window, EventTime time,
                                  const Accumulator& acc) {
    CursorCollector<Out, Cursor> collector(out, scratch_, time, emitted_);
    try {
      window_fn_(key, window, agg_.Result(acc), collector);
    } catch (...) {
      internal::RethrowAt(spec_.name, "window [" + window.start.ToString() + ", " +
                                          window.end.ToString() + ") of key " +
                                          internal::DescribeRecord(key));
    }
    collector.Done();
  }

  Spec spec_;
  KeyFn key_;
  Agg agg_;
  WindowFn window_fn_;

 private:
  Out scratch_{};
  std::uint64_t emitted_ = 0;
  internal::TypedSidePort<In>* late_ = nullptr;
};

}  // namespace millrace
