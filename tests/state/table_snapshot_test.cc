// Snapshots of a table in slices while it changes, as chains of increments: what is restored from a chain, into any number of
// tables, equals the table at the moment the snapshot began.
#include "millrace/state/table_snapshot.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/state/state_table.h"
#include "millrace/state/table_restore.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using Model = std::map<std::int64_t, std::pair<std::int64_t, std::string>>;

/// The blocks of one snapshot, in order.
struct File final : BlockSink {
  std::vector<std::pair<SnapshotBlock, ByteWriter>> blocks;
  void Take(SnapshotBlock kind, ByteWriter block) override {
    blocks.emplace_back(kind, std::move(block));
  }
};

/// A table of int64 -> (int64, text that is sometimes long), whose text may have no value.
class Table {
 public:
  explicit Table(KeyGroupRange range = {}) : layout_(KeyedTable<std::int64_t>::KeyLayout()) {
    presence_ = layout_.AddColumn(ColumnOpsOf<std::uint32_t>());
    number_ = layout_.AddColumn(ColumnOpsOf<std::int64_t>());
    text_ = layout_.AddOptionalColumn(ColumnOpsOf<std::string>(), presence_);
    table_ = std::make_unique<KeyedTable<std::int64_t>>(layout_, range, nullptr);
    table_->ExpectSnapshots();
  }
  KeyedTable<std::int64_t>& operator*() { return *table_; }
  KeyedTable<std::int64_t>* operator->() { return table_.get(); }
  const RowLayout& layout() const { return table_->layout(); }

  void Put(std::int64_t key, std::int64_t number, const std::string& text) {
    const std::uint64_t hash = KeyHash(key);
    RowRef ref = table_->Find(key, hash);
    if (ref) {
      table_->Touch(ref);
    } else {
      ref = table_->Insert(key, hash);
    }
    *reinterpret_cast<std::uint32_t*>(ref.row + presence_) = text.empty() ? 0 : 1;
    *reinterpret_cast<std::int64_t*>(ref.row + number_) = number;
    if (!text.empty()) *reinterpret_cast<std::string*>(ref.row + text_) = text;
  }
  void Erase(std::int64_t key) {
    if (const RowRef ref = table_->Find(key, KeyHash(key))) table_->Erase(ref);
  }
  void AddTo(Model* model) {
    StateTable::Cursor cursor;
    while (const RowRef ref = table_->Next(&cursor)) {
      const bool has_text = *reinterpret_cast<std::uint32_t*>(ref.row + presence_) != 0;
      const bool fresh =
          model
              ->emplace(KeyedTable<std::int64_t>::KeyOf(ref),
                        std::pair(*reinterpret_cast<std::int64_t*>(ref.row + number_),
                                  has_text ? *reinterpret_cast<std::string*>(ref.row + text_)
                                           : std::string()))
              .second;
      EXPECT_TRUE(fresh) << "a key in two tables";
    }
  }

 private:
  RowLayout layout_;
  std::uint32_t presence_, number_, text_;
  std::unique_ptr<KeyedTable<std::int64_t>> table_;
};

constexpr std::uint64_t kTable = 7;

/// Restores files `first` to `count` into tables of `parallelism` subtasks; what is in them all.
Model Restored(const std::vector<std::unique_ptr<File>>& files, std::uint32_t first,
               std::size_t count, int parallelism) {
  SnapshotChain chain;
  for (std::uint32_t i = first; i < count; ++i) {
    for (const auto& [kind, bytes] : files[i]->blocks) {
      if (kind != SnapshotBlock::kTable) continue;
      EXPECT_TRUE(chain.Scan(kTable, i, bytes.view()));
    }
  }
  Model model;
  for (int subtask = 0; subtask < parallelism; ++subtask) {
    Table table(KeyGroupRange::Of(subtask, parallelism));
    TableRestore restore(kTable, &*table, &chain);
    for (std::uint32_t i = first; i < count; ++i) {
      for (const auto& [kind, bytes] : files[i]->blocks)
        EXPECT_EQ(restore.Apply(i, kind, bytes.view()).ToString(), "OK");
    }
    table.AddTo(&model);
  }
  return model;
}

/// A table that changes at random beside a model, with up to two snapshots open.
class Life {
 public:
  explicit Life(std::uint64_t seed)
      : random_(seed), keys_(std::uint64_t{1} << (4 + random_.Uniform(12))) {
    // Some lives never erase, some mostly do.
    erasing_ = random_.Uniform(3) * 3;
  }
  void Change(std::uint64_t times) {
    for (; times > 0; --times) {
      const auto key = static_cast<std::int64_t>(random_.Uniform(keys_));
      if (random_.Uniform(10) < erasing_) {
        table_.Erase(key);
        model_.erase(key);
        continue;
      }
      const auto number = static_cast<std::int64_t>(random_.Uniform(1000000));
      std::string text(random_.Uniform(4) * 15, 'x');
      if (!text.empty()) text += std::to_string(number);
      table_.Put(key, number, text);
      model_[key] = {number, text};
    }
  }
  void Begin() {
    files_.push_back(std::make_unique<File>());
    open_.push_back(std::make_unique<TableSnapshot>(kTable,
                                                    static_cast<std::int64_t>(files_.size()) - 1,
                                                    &table_.layout(), files_.back().get()));
    frozen_.push_back(model_);
    table_->BeginSnapshot(open_.back().get(), false);
    oldest_.push_back(static_cast<std::uint32_t>(open_.back()->oldest()));
  }
  /// Slices of the oldest snapshot until it is closed or `slices` are done; true when it is closed.
  bool Slice(std::uint64_t slices) {
    for (; slices > 0; --slices) {
      if (table_->SnapshotSlice(1 + static_cast<std::uint32_t>(random_.Uniform(60)))) {
        open_.erase(open_.begin());
        return true;
      }
      Change(random_.Uniform(60));
    }
    return false;
  }
  void Run(int steps) {
    for (int i = 0; i < steps; ++i) {
      Change(random_.Uniform(i == 0 ? keys_ / 8 : 2 * keys_));  // the first grows while it is open
      if (open_.size() < 2) Begin();
      const bool all = random_.Chance(0.5);
      while (!open_.empty() && Slice(all ? 1000000 : random_.Uniform(200)) && all) {
      }
    }
    while (!open_.empty()) Slice(1000000);
  }
  void Check() {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const int parallelism = 1 + static_cast<int>(random_.Uniform(3));
      ASSERT_EQ(Restored(files_, oldest_[i], i + 1, parallelism), frozen_[i])
          << "snapshot " << i << " from " << oldest_[i] << " at parallelism " << parallelism;
    }
  }
  std::vector<std::unique_ptr<File>>& files() { return files_; }
  Table& table() { return table_; }

 private:
  Random random_;
  std::uint64_t keys_;
  std::uint64_t erasing_ = 0;
  Table table_;
  Model model_;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<Model> frozen_;
  std::vector<std::uint32_t> oldest_;  // file that a snapshot's restore reads
  std::vector<std::unique_ptr<TableSnapshot>> open_;
};

TEST(TableSnapshot, AChainRestoresTheTableAsItWasWhenTheSnapshotBegan) {
  for (const std::uint64_t seed : test_support::Seeds(1, 60)) {
    Life life(seed);
    life.Run(6);
    life.Check();
  }
}

// Readers refuse blocks of more than 64 MiB: however long rows are, a block has at most one that it was not meant for.
TEST(TableSnapshot, ABlockIsFullWithTheRowThatFillsIt) {
  constexpr std::size_t kFull = 128 * 1024, kRow = 100000;
  Table table;
  for (std::int64_t key = 0; key < 60; ++key) table.Put(key, key, std::string(kRow, 'x'));
  File file;
  TableSnapshot snapshot(kTable, 0, &table.layout(), &file);
  table->BeginSnapshot(&snapshot, true);
  ASSERT_TRUE(table->SnapshotSlice(UINT32_MAX));
  std::size_t blocks = 0;
  for (const auto& [kind, bytes] : file.blocks) {
    blocks += kind == SnapshotBlock::kRows ? 1 : 0;
    EXPECT_LT(bytes.size(), kFull + kRow + 100);
  }
  EXPECT_EQ(blocks, 30U);
}

// The same of rows that are copied as images, of 64 KiB each.
TEST(TableSnapshot, ABlockOfImagesIsFullWithTheRowThatFillsIt) {
  using Long = std::array<std::int64_t, 8192>;
  RowLayout layout = KeyedTable<std::int64_t>::KeyLayout();
  layout.AddColumn(ColumnOpsOf<Long>());
  ASSERT_NE(layout.image(), nullptr);
  KeyedTable<std::int64_t> table(layout, {}, nullptr);
  table.ExpectSnapshots();
  for (std::int64_t key = 0; key < 60; ++key) table.Insert(key, KeyHash(key));
  File file;
  TableSnapshot snapshot(kTable, 0, &layout, &file);
  table.BeginSnapshot(&snapshot, true);
  ASSERT_TRUE(table.SnapshotSlice(UINT32_MAX));
  for (const auto& [kind, bytes] : file.blocks) EXPECT_LT(bytes.size(), 3 * sizeof(Long));
}

// However little changes: a chain does not grow without end.
TEST(TableSnapshot, ChainsOfQuietTablesAreFoldedToo) {
  for (const std::int64_t keys : {100, 20000}) {
    Table table;
    for (std::int64_t key = 0; key < keys; ++key) table.Put(key, key, "");
    std::int64_t longest = 0;
    std::vector<std::unique_ptr<File>> files;
    for (int i = 0; i < 2000; ++i) {
      files.push_back(std::make_unique<File>());
      TableSnapshot snapshot(kTable, i, &table.layout(), files.back().get());
      table->BeginSnapshot(&snapshot, false);
      ASSERT_TRUE(table->SnapshotSlice(UINT32_MAX));
      longest = std::max(longest, i - snapshot.oldest());
      table.Put(i % 7, i, "");
      if (i % 400 != 399) continue;
      Model now;
      table.AddTo(&now);
      now[i % 7].first = i - 7 < 0 ? i % 7 : i - 7;
      EXPECT_EQ(Restored(files, static_cast<std::uint32_t>(snapshot.oldest()), files.size(), 2),
                now);
    }
    EXPECT_LE(longest, 128 + 512) << keys << " keys";
    EXPECT_GE(longest, 64) << keys << " keys";
  }
}

std::size_t BytesOf(const File& file) {
  std::size_t bytes = 0;
  for (const auto& [kind, block] : file.blocks) bytes += block.size();
  return bytes;
}

TEST(TableSnapshot, AnIncrementHasTheChangesAndFoldingIsSpread) {
  constexpr std::int64_t kKeys = 100000;
  Table table;
  for (std::int64_t key = 0; key < kKeys; ++key) table.Put(key, key, "");
  std::vector<std::size_t> bytes;
  Random random(1);
  std::vector<std::unique_ptr<File>> files;
  for (int i = 0; i < 100; ++i) {
    files.push_back(std::make_unique<File>());
    TableSnapshot snapshot(kTable, i, &table.layout(), files.back().get());
    table->BeginSnapshot(&snapshot, false);
    ASSERT_TRUE(table->SnapshotSlice(UINT32_MAX));
    bytes.push_back(BytesOf(*files.back()));
    for (int k = 0; k < kKeys / 20; ++k)
      table.Put(static_cast<std::int64_t>(random.Uniform(kKeys)), i, "");
  }
  EXPECT_GT(bytes[0], kKeys * 20U);
  EXPECT_LT(bytes[1], bytes[0] / 19);
  for (std::size_t i = 1; i < bytes.size(); ++i)
    EXPECT_LT(bytes[i], bytes[0] / 8) << "snapshot " << i;
  // What a restore reads: the files from the first on that some key group still needs.
  SnapshotChain chain;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    for (const auto& [kind, block] : files[i]->blocks) {
      if (kind != SnapshotBlock::kTable) continue;
      ASSERT_TRUE(chain.Scan(kTable, i, block.view()));
    }
  }
  std::uint32_t oldest = 100;
  for (std::uint32_t group = 0; group < 65536; ++group) {
    std::uint32_t first = 0;
    while (!chain.Holds(group, first)) ++first;
    oldest = std::min(oldest, first);
  }
  EXPECT_GT(oldest, 30U);
}

// Whoever inserts a key relies on what operators leave behind when they erase one: nothing.
TEST(TableSnapshot, ARowThatARestoreHasErasedIsAsNew) {
  Table table;
  std::vector<std::unique_ptr<File>> files;
  for (int i = 0; i < 2; ++i) {
    if (i == 0) {
      for (std::int64_t key = 0; key < 30; ++key) table.Put(key, 5, "a text that is long enough");
    } else {
      for (std::int64_t key = 0; key < 15; ++key) table.Erase(key);
    }
    files.push_back(std::make_unique<File>());
    TableSnapshot snapshot(kTable, i, &table.layout(), files.back().get());
    table->BeginSnapshot(&snapshot, false);
    ASSERT_TRUE(table->SnapshotSlice(UINT32_MAX));
  }
  SnapshotChain chain;
  Table restored;
  TableRestore restore(kTable, &*restored, &chain);
  std::size_t erased = 0;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    for (const auto& [kind, block] : files[i]->blocks) {
      if (kind == SnapshotBlock::kTable) ASSERT_TRUE(chain.Scan(kTable, i, block.view()));
      erased += kind == SnapshotBlock::kErased ? 1 : 0;
    }
  }
  ASSERT_EQ(erased, 1U);
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    for (const auto& [kind, block] : files[i]->blocks)
      ASSERT_TRUE(restore.Apply(i, kind, block.view()).ok());
  }
  for (std::int64_t key = 0; key < 15; ++key) restored->Insert(key, KeyHash(key));
  Model model;
  restored.AddTo(&model);
  for (std::int64_t key = 0; key < 15; ++key)
    EXPECT_EQ(model.at(key), (std::pair<std::int64_t, std::string>(0, ""))) << key;
}

TEST(TableSnapshot, DamagedBlocksAreLostData) {
  Life life(3);
  life.Run(2);
  SnapshotChain chain;
  Table table;
  TableRestore restore(kTable, &*table, &chain);
  std::size_t tried = 0;
  for (const auto& [kind, block] : life.files().back()->blocks) {
    for (std::size_t size = 0; size < std::min<std::size_t>(block.size(), 300); ++size, ++tried) {
      const std::string_view cut = block.view().substr(0, size);
      // Without the number of rows it is as the first files had it.
      if (kind == SnapshotBlock::kTable && size + 8 == block.size()) continue;
      if (kind == SnapshotBlock::kTable) {
        EXPECT_FALSE(chain.Scan(kTable, 0, cut)) << size;
      } else {
        EXPECT_EQ(restore.Apply(0, kind, cut).code(), StatusCode::kDataLoss) << size;
      }
    }
  }
  EXPECT_GT(tried, 100U);
}

TEST(TableSnapshot, AfterARestoreTheChainGoesOn) {
  Life life(11);
  life.Run(3);
  SnapshotChain chain;
  Table table;
  TableRestore restore(kTable, &*table, &chain);
  auto& files = life.files();
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    for (const auto& [kind, block] : files[i]->blocks) {
      if (kind != SnapshotBlock::kTable) continue;
      ASSERT_TRUE(chain.Scan(kTable, i, block.view()));
    }
  }
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    for (const auto& [kind, block] : files[i]->blocks)
      ASSERT_TRUE(restore.Apply(i, kind, block.view()).ok());
  }
  table->EndRestore(0);
  table.Put(5, 55, "");
  table.Erase(6);
  files.push_back(std::make_unique<File>());
  TableSnapshot snapshot(kTable, static_cast<std::int64_t>(files.size()) - 1, &table.layout(),
                         files.back().get());
  table->BeginSnapshot(&snapshot, false);
  ASSERT_TRUE(table->SnapshotSlice(UINT32_MAX));
  EXPECT_EQ(snapshot.rows(), 1U);
  Model now;
  table.AddTo(&now);
  EXPECT_EQ(Restored(files, 0, files.size(), 2), now);
}

}  // namespace
}  // namespace millrace
