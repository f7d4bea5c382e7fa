#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/io/codec.h"
#include "millrace/operators/chain/chain.h"
#include "millrace/operators/source/source_operator_base.h"
#include "millrace/operators/watermarks.h"

namespace millrace {

/// What a split's reader emits to: binds the record's time, feeds the split's watermark generator, and
/// calls the fused chain. Lives on the stack of one poll.
template <class Cursor, class Generator, class Timestamps, class Side>
class SourceOutput {
 public:
  MILLRACE_INLINE SourceOutput(Cursor cursor, const Generator& generator,
                               const Timestamps& timestamps, Side* side)
      : cursor_(std::move(cursor)), generator_(generator), timestamps_(timestamps), side_(side) {}

  /// Emits a record. An lvalue is consumed: strings are moved out of it, recycled ones left in it.
  /// A const one is copied where it goes.
  template <class T>
  MILLRACE_INLINE void Emit(T&& record, EventTime time = EventTime::Min()) {
    ++count_;
    if constexpr (Generator::kTimed) {
      time = BindTime(timestamps_, generator_, std::as_const(record), time);
    }
    cursor_.Push(record, time);
  }
  /// Input that is no record and that the user chose to skip: counted in `--metrics`.
  void CountSkipped() { ++skipped_; }
  /// A record of the source's side output. It bears the time that the split has reached.
  template <class S>
  void EmitSide(S&& record) {
    ++side_count_;
    const EventTime reached = generator_.Current();
    side_->Push(record, std::max(reached == EventTime::Min() ? reached : reached + Duration(1),
                                 Generator::kTimed ? kMinTimestamp : EventTime::Min()));
  }
  std::uint32_t count() const { return count_; }
  std::uint32_t skipped() const { return skipped_; }
  std::uint32_t side_count() const { return side_count_; }
  const Generator& generator() const { return generator_; }
  void End() { cursor_.End(); }

 private:
  Cursor cursor_;
  Generator generator_;  // a copy: in registers during the poll
  const Timestamps& timestamps_;
  Side* side_;
  std::uint32_t count_ = 0;
  std::uint32_t skipped_ = 0;
  std::uint32_t side_count_ = 0;
};

namespace internal {

template <class Reader>
inline constexpr bool kTextsLast = false;
template <class Reader>
  requires requires { Reader::kTextsLast; }
inline constexpr bool kTextsLast<Reader> = Reader::kTextsLast;

template <class Source>
struct SideOfSource {
  using Port = SidePort;
  static std::unique_ptr<Port> Make(const Source&) { return nullptr; }
  static const BatchType* Type(const Source&) { return nullptr; }
};
template <class Source>
  requires requires { typename Source::SideRecord; }
struct SideOfSource<Source> {
  using Port = TypedSidePort<typename Source::SideRecord>;
  static std::unique_ptr<Port> Make(const Source& source) {
    return std::unique_ptr<Port>(source.side_output().empty() ? nullptr : new Port());
  }
  static const BatchType* Type(const Source& source) {
    return source.side_output().empty() ? nullptr : &BatchTypeOf<typename Source::SideRecord>();
  }
};

/// A split that a subtask reads.
template <class Reader, class Generator>
struct SplitState final : SplitBase {
  SplitState(Reader r, Generator g) : reader(std::move(r)), generator(std::move(g)) {}
  EventTime Current() const override { return generator.Current(); }
  void PutPosition(ByteWriter& to) const override {
    if constexpr (requires { reader.Position(); }) {
      Encode(reader.Position(), to);
    } else {
      throw ConnectorError(
          "the source's reader has no Position(): it can't take part in checkpoints");
    }
  }
  std::string PositionText() const override {
    if constexpr (requires { reader.Position(); }) {
      return DescribeRecord(reader.Position());
    } else {
      return "";
    }
  }

  Reader reader;
  Generator generator;
};

template <class Source>
using ReaderOf = decltype(std::declval<const Source&>().OpenSplit(
    std::declval<const typename Source::Split&>(), std::declval<const ReaderContext&>()));

template <class Source, class Strategy>
using SplitStateOf = SplitState<ReaderOf<Source>, typename Strategy::Generator>;

template <class Source, class Strategy>
std::unique_ptr<SplitBase> OpenSplitOf(const Source& source, const Strategy& strategy,
                                       std::string_view bytes, const OperatorContext& context) {
  typename Source::Split split{};
  ByteReader in(bytes);
  if (!Decode(in, split)) ThrowSplitNotReadBack();
  const ReaderContext reader{context.name, context.subtask, context.parallelism, context.clock};
  try {
    return std::unique_ptr<SplitBase>(new SplitStateOf<Source, Strategy>(
        source.OpenSplit(split, reader), strategy.CreateGenerator()));
  } catch (...) {
    RethrowInOpenSplit(DescribeRecord(split));
  }
}

}  // namespace internal

/// A source with its chain: the loop over the rows of one poll, and what needs their types.
template <class Source, class Strategy, class Chain>
class SourceOperator final : public SourceOperatorBase {
 public:
  using Side = internal::SideOfSource<Source>;
  /// Texts of the reader's records are not copied on their way to an operator of the same task.
  static constexpr bool kLends = internal::kTextsLast<internal::ReaderOf<Source>> &&
                                 requires(typename Chain::Tail& tail) { tail.LendTexts(); };

  SourceOperator(const Source& source, const Strategy& strategy, const Chain& chain)
      : SourceOperatorBase(Strategy::Generator::kTimed, strategy.idle_after()),
        source_(source),
        strategy_(strategy),
        chain_(chain) {
    SetTail(chain_.tail());
  }

  void Open(OperatorContext& context) override {
    context_ = &context;
    ChainContext c(context);
    chain_.Bind(c);
    if constexpr (kLends) chain_.tail().LendTexts();
    if (auto side = Side::Make(source_)) {
      side->Bind(context, 1);
      side_ = side.get();
      AddSide(std::move(side));
    }
    Begin();
  }

 private:
  std::unique_ptr<internal::SplitBase> OpenSplit(std::string_view bytes) override {
    return internal::OpenSplitOf(source_, strategy_, bytes, *context_);
  }

  PollResult PollSplit(internal::SplitBase& base, std::uint32_t max_rows) override {
    auto& split = static_cast<internal::SplitStateOf<Source, Strategy>&>(base);
    using Out = SourceOutput<typename Chain::Cursor, typename Strategy::Generator,
                             typename Strategy::Timestamps, typename Side::Port>;
    Out out(chain_.Begin(), split.generator, strategy_.timestamps(), side_);
    PollResult result = split.reader.Poll(out, max_rows);
    out.End();
    if constexpr (kLends) chain_.tail().EndLent();
    split.generator = out.generator();
    result.rows = out.count() + out.side_count();  // a step's work
    context_->counters->in.Add(out.count());
    if (out.skipped() > 0) context_->counters->errors_skipped.Add(out.skipped());
    return result;
  }

  Source source_;
  Strategy strategy_;
  Chain chain_;
  typename Side::Port* side_ = nullptr;
};

}  // namespace millrace
