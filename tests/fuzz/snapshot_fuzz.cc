// Any bytes as the blocks of an operator's snapshots: refused, or restored to an operator whose own snapshot is restored to
// one that writes as many bytes. The first byte chooses the operator; the stored corpus is what it writes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "millrace/millrace.h"
#include "millrace/testing/harness_parts.h"

namespace {

using namespace millrace;

struct Item {
  std::string key;
  std::int64_t number = 0;
  EventTime time;
};
MILLRACE_RECORD(Item, key, number, time);

/// Every kind of state there is.
struct AllStates : KeyedBroadcastProcessFunction<std::string, Item, Item, std::string> {
  ValueState<std::int64_t> number{this, "number"};
  ValueState<Item> item{this, "item"};
  ListState<std::string> list{this, "list"};
  MapState<std::string, std::int64_t> map{this, "map"};
  SortedMapState<std::int64_t, std::string> sorted{this, "sorted"};
  ReducingState<std::int64_t> sum{this, "sum",
                                  [](const std::int64_t& a, const std::int64_t&) { return a; }};
  ValueState<std::string, Ttl> value_ttl{this, "value ttl", Ttl(Duration(50)).InEventTime()};
  ListState<std::int64_t, Ttl> list_ttl{this, "list ttl", Ttl(Duration(50))};
  MapState<std::int64_t, std::string, Ttl> map_ttl{this, "map ttl", Ttl(Duration(50))};
  OperatorListState<std::string> waiting{this, "waiting"};
  OperatorListState<std::int64_t> all{this, "all", Redistribution::kUnion};
  BroadcastState<std::int64_t, std::string> rules{this, "rules"};

  void ProcessElement(const Item& i, Context& ctx, Collector<std::string>& out) {
    number.Update(i.number);
    item.Update(i);
    list.Add(i.key);
    map.Put(i.key, i.number);
    sorted.Put(i.number, i.key);
    sum.Add(i.number % 1000);
    value_ttl.Update(i.key);
    list_ttl.Add(i.number);
    map_ttl.Put(i.number, i.key);
    waiting.Add(i.key);
    all.Add(i.number);
    ctx.RegisterEventTimeTimer(EventTime::FromMillis(i.number * 10));
    ctx.RegisterProcessingTimeTimer(EventTime::FromMillis(1800000000000 + i.number));
    out.Emit(i.key);
  }
  void ProcessBroadcastElement(const Item& i, BroadcastContext& ctx, Collector<std::string>&) {
    ctx.Write(rules).Put(i.number, i.key);
  }
  void OnTimer(EventTime, Context&, Collector<std::string>&) {}
};

struct Gaps {
  std::int64_t number = 0;
  std::int16_t small = 0;
};
MILLRACE_RECORD(Gaps, small, number);

/// Rows that are copied as images.
struct PlainStates
    : KeyedProcessFunction<std::tuple<std::int64_t, std::int32_t>, Item, std::string> {
  ValueState<std::int64_t> number{this, "number"};
  ValueState<Gaps> gaps{this, "gaps"};
  void ProcessElement(const Item&, Context&, Collector<std::string>&) {}
};

/// Prepares and commits nothing but what it was given.
struct Committing {
  struct Writer {
    std::vector<std::string> prepared;
    template <class T>
    void Write(const T&, EventTime) {
      prepared.push_back("one");
    }
    std::vector<std::string> PrepareCommit() { return std::exchange(prepared, {}); }
    void Commit(const std::vector<std::string>&) {}
  };
  Writer CreateWriter(const WriterContext&) const { return {}; }
};

/// The snapshots of one or two subtasks, in memory.
struct Chains final : OperatorRestore, BlockSink {
  struct Entry {
    std::uint32_t snapshot;
    SnapshotBlock kind;
    std::string bytes;
  };
  std::vector<std::vector<Entry>> blocks{{}};
  std::vector<std::uint32_t> lengths{1};

  /// Blocks of u8 what, u16 bytes, content. Of `what` bit 7 begins the next snapshot, bit 6 another subtask's chain.
  explicit Chains(std::string_view bytes) {
    static constexpr SnapshotBlock kKinds[] = {
        SnapshotBlock::kTable,        SnapshotBlock::kErased,  SnapshotBlock::kRows,
        SnapshotBlock::kOperator,     SnapshotBlock::kPane,    SnapshotBlock::kOperatorStates,
        SnapshotBlock::kCommittables, SnapshotBlock::kInFlight};
    ByteReader in(bytes);
    std::uint8_t what = 0;
    for (std::uint16_t length = 0; in.Get(&what) && in.Get(&length);) {
      if ((what & 0x40) != 0 && blocks.size() < 3) {
        blocks.emplace_back();
        lengths.push_back(1);
      }
      if ((what & 0x80) != 0 && lengths.back() < 4) ++lengths.back();
      const std::size_t rest = std::min<std::size_t>(length, in.remaining());
      blocks.back().push_back({lengths.back() - 1, kKinds[what % 8], {in.Take(rest), rest}});
    }
  }
  Chains() = default;

  std::size_t chains() const override { return blocks.size(); }
  std::uint32_t length(std::size_t chain) const override { return lengths[chain]; }
  std::int64_t oldest(std::size_t) const override { return 1; }
  bool same_subtask() const override { return blocks.size() == 1; }
  Status ForEach(std::size_t chain, std::uint32_t first, std::optional<SnapshotBlock> kind,
                 const Visit& visit) const override {
    for (const Entry& e : blocks[chain]) {
      if (e.snapshot < first || e.kind != kind.value_or(e.kind)) continue;
      MILLRACE_RETURN_IF_ERROR(visit({e.snapshot, e.kind, e.bytes}));
    }
    return Status::Ok();
  }
  Status ForEachSubtask(
      SnapshotBlock kind,
      const std::function<Status(std::size_t, std::string_view)>& visit) const override {
    return ForEachNewest(*this, kind, visit);
  }
  void Take(SnapshotBlock kind, ByteWriter block) override {
    blocks[0].push_back({0, kind, std::string(block.view())});
  }
  std::map<SnapshotBlock, std::size_t> sizes() const {
    std::map<SnapshotBlock, std::size_t> sizes;
    for (const Entry& e : blocks[0]) sizes[e.kind] += e.bytes.size();
    return sizes;
  }
};

/// One operator that is made again and again.
class Subject {
 public:
  template <class Build>
  explicit Subject(std::size_t inputs, Build build) : parts_(inputs) {
    build(parts_.builder).SinkTo("sink", Committing{});
    parts_.CheckPlan();
    parts_.context.outputs.resize(parts_.builder.node(parts_.id()).outputs.size());
    parts_.context.port_factories.resize(parts_.context.outputs.size());
    parts_.context.checkpoints = true;
  }
  /// Null when the snapshots are refused.
  std::unique_ptr<Operator> Restored(const Chains& from) {
    auto op = parts_.builder.factory(parts_.id()).Create();
    parts_.context.restore = &from;
    try {
      op->Open(parts_.context);
    } catch (const UserError&) {
      return nullptr;
    }
    return op;
  }
  static void Snapshot(Operator& op, Chains* to) {
    OperatorSnapshot snapshot(1, to, true);
    op.PrepareCommit(snapshot);
    op.BeginSnapshot(snapshot);
    while (!op.SnapshotSlice(100)) {
    }
  }
  void Try(std::string_view bytes) {
    const ArenaScope scope(parts_.arena);
    const TextPool::Scope texts(parts_.texts);
    Chains first, second;
    {
      auto op = Restored(Chains(bytes));
      if (op == nullptr) return;
      Snapshot(*op, &first);
    }
    {
      auto again = Restored(first);
      if (again == nullptr) std::abort();
      Snapshot(*again, &second);
      if (first.sizes() != second.sizes()) std::abort();
      try {  // timers and windows, whatever their times
        StepBudget unlimited = StepBudget::Rows(INT64_MAX);
        if (!again->AdvanceWatermark(EventTime::Max(), unlimited)) std::abort();
      } catch (const UserError&) {
      }
    }
    parts_.arena.Recycle();
  }

 private:
  testing::internal::HarnessParts parts_;
};

DataStream<Item> Input(GraphBuilder& builder, int number) {
  return DataStream<Item>(NodePipe<Item>(&builder, number, 0, true));
}

template <class Windows>
auto Windowed(Windows windows) {
  return [windows](GraphBuilder& b) {
    return Input(b, 0)
        .KeyBy(&Item::key)
        .Window(windows)
        .Aggregate("windows", Sum(&Item::number))
        .Map([](const auto& r) { return r.value; });
  };
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Subject* const subjects[] = {
      new Subject(2,
                  [](GraphBuilder& b) {
                    return Input(b, 0)
                        .KeyBy(&Item::key)
                        .Connect(Input(b, 1).Broadcast())
                        .Process("process", AllStates{});
                  }),
      new Subject(1, Windowed(TumblingEventTime(Duration(100)))),
      new Subject(1, Windowed(SlidingEventTime(Duration(300), Duration(100)))),
      new Subject(1, Windowed(SessionEventTime(Duration(100)))),
      new Subject(1, [](GraphBuilder& b) {
        return Input(b, 0)
            .KeyBy([](const Item& i) {
              return std::tuple(i.number, static_cast<std::int32_t>(i.key.size()));
            })
            .Process("plain", PlainStates{});
      })};
  if (size == 0) return 0;
  subjects[data[0] % std::size(subjects)]->Try({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
