#include "millrace/state/state_table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "millrace/base/random.h"
#include "millrace/base/string.h"
#include "millrace/state/stored.h"
#include "millrace/state/stored_list.h"
#include "millrace/state/text_pool.h"
#include "tests/support/avx_state.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

// A table of K -> int64, beside a model.
template <class K>
class TableOf {
 public:
  explicit TableOf(KeyGroupRange range = {})
      : memory_(1 << 30), layout_(KeyedTable<K>::KeyLayout()) {
    offset_ = layout_.AddColumn(ColumnOpsOf<std::int64_t>());
    table_ = std::make_unique<KeyedTable<K>>(layout_, range, &memory_);
  }
  void Put(const K& key, std::int64_t value) {
    const std::uint64_t hash = KeyHash(key);
    RowRef ref = table_->Find(key, hash);
    if (!ref) {
      ref = table_->Insert(key, hash);
    } else {
      table_->Touch(ref);
    }
    Value(ref) = value;
  }
  std::int64_t* Get(const K& key) {
    const RowRef ref = table_->Find(key, KeyHash(key));
    return ref ? &Value(ref) : nullptr;
  }
  bool Erase(const K& key) {
    const RowRef ref = table_->Find(key, KeyHash(key));
    if (ref) table_->Erase(ref);
    return static_cast<bool>(ref);
  }
  std::map<K, std::int64_t> All() {
    std::map<K, std::int64_t> all;
    StateTable::Cursor cursor;
    for (RowRef r = table_->Next(&cursor); r; r = table_->Next(&cursor))
      all[KeyedTable<K>::KeyOf(r)] = Value(r);
    return all;
  }
  std::int64_t& Value(RowRef ref) { return *reinterpret_cast<std::int64_t*>(ref.row + offset_); }
  std::int64_t ValueAt(const std::byte* row) {
    return *reinterpret_cast<const std::int64_t*>(row + offset_);
  }
  KeyedTable<K>& table() { return *table_; }
  MemoryAccount& memory() { return memory_; }

 private:
  MemoryAccount memory_;
  RowLayout layout_;
  std::uint32_t offset_;
  std::unique_ptr<KeyedTable<K>> table_;
};

template <class K>
void RandomOperations(std::uint64_t seed, std::uint64_t keys, K (*key_of)(std::uint64_t)) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  TableOf<K> table;
  std::map<K, std::int64_t> model;
  for (int i = 0; i < 30000; ++i) {
    const K key = key_of(random.Uniform(keys));
    if (random.Chance(0.25)) {
      EXPECT_EQ(table.Erase(key), model.erase(key) == 1);
    } else {
      table.Put(key, i);
      model[key] = i;
    }
    const K asked = key_of(random.Uniform(keys));
    const std::int64_t* got = table.Get(asked);
    const auto want = model.find(asked);
    ASSERT_EQ(got != nullptr, want != model.end());
    if (got != nullptr) ASSERT_EQ(*got, want->second);
  }
  EXPECT_EQ(table.table().size(), model.size());
  EXPECT_EQ(table.All(), model);
}

TEST(StateTable, BehavesAsAMapWithIntegerKeys) {
  for (const std::uint64_t seed : test_support::Seeds(1, 4)) {
    for (const std::uint64_t keys : {3u, 100u, 5000u, 100000u}) {
      RandomOperations<std::int64_t>(
          seed, keys, [](std::uint64_t k) { return static_cast<std::int64_t>(k * 65536); });
    }
  }
}

TEST(StateTable, BehavesAsAMapWithStringKeys) {
  for (const std::uint64_t seed : test_support::Seeds(1, 3)) {
    RandomOperations<std::string>(seed, 8000, [](std::uint64_t k) {
      return "a key that is longer than a small string " + std::to_string(k);
    });
  }
}

TEST(StateTable, BehavesAsAMapWithTupleKeys) {
  for (const std::uint64_t seed : test_support::Seeds(1, 3)) {
    RandomOperations<std::tuple<std::int64_t, std::int32_t>>(seed, 20000, [](std::uint64_t k) {
      return std::tuple(static_cast<std::int64_t>(k / 7), static_cast<std::int32_t>(k % 7));
    });
  }
}

TEST(StateTable, KeysOfSeveralNumbersArePlainBytes) {
  EXPECT_TRUE((KeyedTable<std::tuple<std::int64_t, std::int32_t>>::KeyLayout().plain()));
  EXPECT_TRUE((KeyedTable<std::pair<std::int64_t, double>>::KeyLayout().plain()));
  EXPECT_FALSE((KeyedTable<std::tuple<std::int64_t, std::string>>::KeyLayout().plain()));
}

TEST(StateTable, KeepsTheBytesOfArenaStringKeys) {
  TableOf<String> table;
  for (int round = 0; round < 2; ++round) {
    Arena arena;  // dies at the end of the round: what the table did not copy would dangle
    ArenaScope scope(arena);
    for (int i = 0; i < 6000; ++i) table.Put(String("key number " + std::to_string(i)), round);
  }
  EXPECT_EQ(table.table().size(), 6000u);
  for (int i = 0; i < 6000; ++i) {
    std::int64_t* value = table.Get(String("key number " + std::to_string(i)));
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(*value, 1);
  }
}

TEST(StateTable, RowsStandInTheOrderOfKeyGroupRanges) {
  TableOf<std::int64_t> table(KeyGroupRange::Of(1, 3));
  int kept = 0;
  for (std::int64_t k = 0; kept < 50000; ++k) {
    const std::uint32_t group = KeyGroup(KeyHash(k));
    const KeyGroupRange range = KeyGroupRange::Of(1, 3);
    if (group < range.begin || group >= range.end) continue;
    table.Put(k, k);
    ++kept;
  }
  StateTable::Cursor cursor;
  std::map<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>>
      groups;  // sub-table -> lowest, highest group
  for (RowRef r = table.table().Next(&cursor); r; r = table.table().Next(&cursor)) {
    const std::uint32_t group = KeyGroup(KeyHash(KeyedTable<std::int64_t>::KeyOf(r)));
    auto [it, fresh] = groups.try_emplace(cursor.sub, group, group);
    it->second.first = std::min(it->second.first, group);
    it->second.second = std::max(it->second.second, group);
  }
  EXPECT_GT(groups.size(), 200u);
  std::uint32_t last = 0;
  for (const auto& [sub, ends] : groups) {
    EXPECT_GE(ends.first, last);
    last = ends.second;
  }
}

TEST(StateTable, ClearKeepsNoRowAndSettlesTheMemoryAccount) {
  TableOf<std::int64_t> table;
  for (std::int64_t k = 0; k < 20000; ++k) table.Put(k, k);
  EXPECT_EQ(table.memory().used(MemoryUse::kState),
            static_cast<std::int64_t>(table.table().allocated_bytes()));
  table.table().Clear();
  EXPECT_TRUE(table.All().empty());
  EXPECT_EQ(table.Get(7), nullptr);
  for (std::int64_t k = 0; k < 100; ++k) table.Put(k, -k);
  EXPECT_EQ(table.All().size(), 100u);
  EXPECT_EQ(table.memory().used(MemoryUse::kState),
            static_cast<std::int64_t>(table.table().allocated_bytes()));
}

TEST(StateTable, UsesLittleMemoryPerKey) {
  TableOf<std::int64_t> table;  // rows of 16 bytes
  for (std::int64_t k = 0; k < 1000000; ++k) table.Put(k, k);
  EXPECT_LT(table.memory().peak(), 40 << 20);
}

// Lookups of a block answer as Find does, while rows are added and erased between them.
TEST(StateTable, ABlockFindsWhatFindFinds) {
  constexpr std::uint32_t kRows = KeyedTable<std::int64_t>::kPrefetchRows;
  for (const std::int64_t keys : {20, 1000, 60000}) {
    Random random(static_cast<std::uint64_t>(keys));
    TableOf<std::int64_t> table;
    for (std::int64_t k = 0; k < keys; k += 2) table.Put(k, k);
    for (int round = 0; round < 300; ++round) {
      std::int64_t key[kRows];
      std::uint64_t hash[kRows];
      const auto count = static_cast<std::uint32_t>(random.Uniform(kRows)) + 1;
      for (std::uint32_t i = 0; i < count; ++i) {
        key[i] = static_cast<std::int64_t>(random.Uniform(static_cast<std::uint64_t>(keys)));
        hash[i] = KeyHash(key[i]);
      }
      KeyedTable<std::int64_t>::Block block(table.table(), hash, count);
      for (std::uint32_t i = 0; i < count; ++i) {
        const RowRef want = table.table().Find(key[i], hash[i]);
        if (block.Hit(key[i], i)) {
          EXPECT_EQ(block.row(i), want.row) << "seed " << keys << " round " << round;
          EXPECT_EQ(block.flag(i), want.flag);
        }
        EXPECT_EQ(table.table().Find(key[i], hash[i], block, i).row, want.row);
        if (random.Uniform(8) == 0) table.Put(key[i], 1);
        if (random.Uniform(32) == 0) table.Erase(key[i]);
        block.Renew();
      }
    }
  }
}

// Rows hold texts and lists of a pool; where it does not take all of it with it, a table gives everything back (which under
// ASan the leak check sees too).
TEST(StateTable, GivesBackWhatThePoolDoesNotTakeWithIt) {
  for (const bool large : {false, true}) {
    TextPool pool;
    const TextPool::Scope scope(pool);
    {
      RowLayout layout = KeyedTable<std::int64_t>::KeyLayout();
      const std::uint32_t text = layout.AddColumn(ColumnOpsOf<OwnedStrings<String>>());
      const std::uint32_t list = layout.AddColumn(ColumnOpsOf<StoredList<String>>());
      KeyedTable<std::int64_t> table(std::move(layout), {}, nullptr);
      const std::string bytes(large ? 5000 : 50, 'x');
      for (std::int64_t key = 0; key < 10000; ++key) {
        const RowRef ref = table.Insert(key, KeyHash(key));
        reinterpret_cast<OwnedStrings<String>*>(ref.row + text)
            ->Set(String::View("some text or other"));
        if (key % 100 != 0) continue;
        auto& element = reinterpret_cast<StoredList<String>*>(ref.row + list)->emplace_back();
        StoredSet<String>(reinterpret_cast<std::byte*>(&element), String::View(bytes));
      }
      EXPECT_GT(pool.used_bytes(), 10000u * 18 + (large ? 100u * 5000 : 0u));
      pool.Abandon();
    }
    EXPECT_LT(pool.used_bytes(), 10000u * 64) << "large blocks were not given back";
  }
}

TEST(StateTable, LookupsLeaveTheUpperHalvesOfRegistersClean) {
  if (!test_support::KnowsUpperHalves()) GTEST_SKIP() << "this core does not say";
  for (const std::int64_t keys : {100, 20000}) {  // one sub-table, and many
    TableOf<std::int64_t> table;
    std::uint64_t hashes[64];
    for (std::int64_t key = 0; key < keys; ++key) table.Put(key, key);
    for (std::int64_t key = 0; key < 64; ++key) hashes[key] = KeyHash(key);
    for (const std::uint32_t count : {64, 63, 4}) {
      const KeyedTable<std::int64_t>::Block block(table.table(), hashes, count);
      EXPECT_TRUE(block.Hit(0, 0));
      EXPECT_FALSE(test_support::UpperHalvesInUse()) << keys << ", " << count;
    }
  }
}

}  // namespace
}  // namespace millrace
