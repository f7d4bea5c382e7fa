// Many tables of one operator, such as the panes of windows, restored together.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/snapshot.h"
#include "millrace/state/state_table.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

/// A table of K -> int64.
template <class K>
struct TableOf {
  using Model = std::map<K, std::int64_t>;
  explicit TableOf(KeyGroupRange range = {}) : layout(KeyedTable<K>::KeyLayout()) {
    value = layout.AddColumn(ColumnOpsOf<std::int64_t>());
    rows = std::make_unique<KeyedTable<K>>(layout, range, nullptr);
    rows->ExpectSnapshots();
  }
  void Put(const K& key, std::int64_t number) {
    RowRef ref = rows->Find(key, KeyHash(key));
    if (ref) {
      rows->Touch(ref);
    } else {
      ref = rows->Insert(key, KeyHash(key));
    }
    *reinterpret_cast<std::int64_t*>(ref.row + value) = number;
  }
  void Erase(const K& key) {
    if (const RowRef ref = rows->Find(key, KeyHash(key))) rows->Erase(ref);
  }
  Model Content() const {
    Model content;
    StateTable::Cursor cursor;
    while (const RowRef ref = rows->Next(&cursor))
      content[KeyedTable<K>::KeyOf(ref)] = *reinterpret_cast<std::int64_t*>(ref.row + value);
    return content;
  }
  RowLayout layout;
  std::uint32_t value = 0;
  std::unique_ptr<KeyedTable<K>> rows;
};
using Table = TableOf<std::int64_t>;

/// One subtask's snapshots in memory, whose reads are counted.
class Snapshots final : public BlockSink, public OperatorRestore {
 public:
  void Begin() { files_.emplace_back(); }
  std::size_t blocks() const {
    std::size_t count = 0;
    for (const auto& file : files_) count += file.size();
    return count;
  }
  std::size_t reads() const { return reads_; }

  void Take(SnapshotBlock kind, ByteWriter block) override {
    files_.back().emplace_back(kind, std::move(block));
  }
  std::size_t chains() const override { return 1; }
  std::uint32_t length(std::size_t) const override {
    return static_cast<std::uint32_t>(files_.size());
  }
  std::int64_t oldest(std::size_t) const override { return 1; }
  std::uint64_t bytes(std::size_t) const override {
    std::uint64_t bytes = 0;
    for (const auto& file : files_) {
      for (const auto& [kind, block] : file) bytes += block.size();
    }
    return bytes;
  }
  bool same_subtask() const override { return same_subtask_; }
  void Rescale() { same_subtask_ = false; }
  Status ForEach(std::size_t, std::uint32_t first, std::optional<SnapshotBlock> wanted,
                 const Visit& visit) const override {
    for (std::uint32_t i = first; i < files_.size(); ++i) {
      for (const auto& [kind, bytes] : files_[i]) {
        if (kind != wanted.value_or(kind)) continue;
        ++reads_;
        MILLRACE_RETURN_IF_ERROR(visit({i, kind, bytes.view()}));
      }
    }
    return Status::Ok();
  }
  Status ForEachSubtask(
      SnapshotBlock, const std::function<Status(std::size_t, std::string_view)>&) const override {
    return Status::Ok();
  }

 private:
  bool same_subtask_ = true;
  std::vector<std::vector<std::pair<SnapshotBlock, ByteWriter>>> files_;
  mutable std::size_t reads_ = 0;
};

/// Takes a whole snapshot of all tables.
template <class K>
void Snapshot(std::map<std::uint64_t, TableOf<K>>& tables, std::int64_t checkpoint, Snapshots* to) {
  to->Begin();
  OperatorSnapshot snapshot(checkpoint, to, checkpoint == 1);
  for (auto& [number, table] : tables) snapshot.Freeze(number, table.rows.get());
  for (auto& [number, table] : tables) {
    while (!table.rows->SnapshotSlice(1000)) {
    }
  }
}

template <class K, class KeyOf>
void EachHasItsOwnRows(KeyOf key) {
  for (const std::uint64_t seed : test_support::Seeds(1, 20)) {
    Random random(seed);
    std::map<std::uint64_t, TableOf<K>> tables;
    const std::uint64_t count = 1 + random.Uniform(300);
    Snapshots snapshots;
    for (std::int64_t checkpoint = 1; checkpoint <= 3; ++checkpoint) {
      for (std::uint64_t number = 0; number < count; ++number) {
        for (std::uint64_t n = random.Uniform(6); n > 0; --n)
          tables[number * 100].Put(key(random.Between(0, 9)), random.Between(0, 1 << 20));
        if (random.Chance(0.5)) tables[number * 100].Erase(key(random.Between(0, 9)));
      }
      Snapshot(tables, checkpoint, &snapshots);
    }
    std::map<std::uint64_t, TableOf<K>> restored;
    std::vector<NumberedTable> numbered;
    for (const auto& [number, table] : tables)
      numbered.push_back({number, restored[number].rows.get()});
    const Status status = RestoreTables(snapshots, numbered);
    ASSERT_TRUE(status.ok()) << status;
    for (const auto& [number, table] : tables)
      ASSERT_EQ(restored[number].Content(), table.Content()) << "table " << number;
    EXPECT_LE(snapshots.reads(), 2 * snapshots.blocks() * (count / 64 + 1));
  }
}

TEST(RestoreTables, EachHasItsOwnRowsAndBlocksAreReadAFewTimesForAll) {
  EachHasItsOwnRows<std::int64_t>([](std::int64_t i) { return i; });
}

// Whose members stand in memory in another order, or begin elsewhere.
TEST(RestoreTables, KeysMayHaveGaps) {
  using Tuple = std::tuple<std::int64_t, std::int32_t>;
  EachHasItsOwnRows<Tuple>(
      [](std::int64_t i) { return Tuple(i % 3, static_cast<std::int32_t>(i)); });
  using Pair = std::pair<std::int8_t, std::int64_t>;
  EachHasItsOwnRows<Pair>([](std::int64_t i) { return Pair(static_cast<std::int8_t>(i), i % 3); });
}

// A large table is given its room at once: it does not grow while its rows come back.
TEST(RestoreTables, ALargeTableHasRoomForItsRows) {
  constexpr std::int64_t kRows = 300000;
  std::map<std::uint64_t, Table> tables;
  Snapshots snapshots;
  for (std::int64_t key = 0; key < kRows; ++key) tables[3].Put(key, key * 3);
  Snapshot(tables, 1, &snapshots);
  for (std::int64_t key = 0; key < kRows; key += 7) tables[3].Put(key, -key);
  for (std::int64_t key = 0; key < kRows; key += 1001) tables[3].Erase(key);
  Snapshot(tables, 2, &snapshots);
  for (const KeyGroupRange range : {KeyGroupRange(), KeyGroupRange::Of(1, 3)}) {
    if (range.begin != 0) snapshots.Rescale();
    Table restored(range);
    const NumberedTable one{3, restored.rows.get()};
    restored.rows->Reserve(kRows * (range.end - range.begin) / 65536);
    const std::uint64_t allocated = restored.rows->allocated_bytes();
    ASSERT_TRUE(RestoreTables(snapshots, std::span(&one, 1)).ok());
    Table::Model wanted = tables[3].Content();
    std::erase_if(wanted, [&](const auto& row) {
      return !restored.rows->Owns(static_cast<std::uint32_t>(KeyHash(row.first) >> 48));
    });
    EXPECT_EQ(restored.Content(), wanted);
    EXPECT_EQ(restored.rows->allocated_bytes(), allocated);
  }
}

TEST(RestoreTables, ABlockThatIsNoneIsAnError) {
  Snapshots snapshots;
  snapshots.Begin();
  ByteWriter cut;
  cut.Put(std::uint32_t{7});
  snapshots.Take(SnapshotBlock::kRows, std::move(cut));
  Table table;
  const NumberedTable one{7, table.rows.get()};
  EXPECT_EQ(RestoreTables(snapshots, std::span(&one, 1)).code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace millrace
