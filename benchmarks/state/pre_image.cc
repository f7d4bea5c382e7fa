// What a change costs while a snapshot is open, in the real table: the row alone is kept as it was (what `StateTable::Touch`
// does), or the 4 KiB around it are, as copy-on-write by chunks would. Random updates of all rows, none of which the snapshot
// has written yet; then what is left is written in one go. One CSV row each.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "benchmarks/state/state_rows.h"
#include "millrace/state/state_table.h"
#include "src/base/thread_cpu.h"

namespace {

using millrace::KeyedTable;
using millrace::ThreadCpuNanos;
using state_rows::Update;

constexpr std::uint32_t kBlock = KeyedTable<std::int64_t>::kPrefetchRows;

struct Counted final : millrace::BlockSink {
  std::uint64_t bytes = 0;
  void Take(millrace::SnapshotBlock, millrace::ByteWriter block) override { bytes += block.size(); }
};

/// Pages that were copied once; the copies go round in a buffer.
class Chunks {
 public:
  static constexpr std::size_t kBytes = 4096;
  void Cover(const std::byte* row) {
    const auto at = reinterpret_cast<std::uintptr_t>(row) / kBytes;
    first_ = std::min(first_, at);
    last_ = std::max(last_, at);
  }
  void Begin() { copied_.assign(last_ - first_ + 2, 0); }
  void Touch(const std::byte* row) {
    const auto at = reinterpret_cast<std::uintptr_t>(row) / kBytes;
    if (copied_[at - first_] == 0) [[unlikely]]
      Copy(at);
  }
  std::uint64_t bytes = 0;

 private:
  [[gnu::noinline]] void Copy(std::uintptr_t at) {
    copied_[at - first_] = 1;
    bytes += kBytes;
    std::memcpy(&copies_[bytes % copies_.size()], reinterpret_cast<const void*>(at * kBytes),
                kBytes);
  }
  std::uintptr_t first_ = UINTPTR_MAX, last_ = 0;
  std::vector<std::uint8_t> copied_;
  std::vector<char> copies_ = std::vector<char>(std::size_t{8} << 20);
};

template <class Value>
class Table {
 public:
  explicit Table(std::int64_t rows) : rows_(rows) {
    millrace::RowLayout layout = KeyedTable<std::int64_t>::KeyLayout();
    value_ = layout.AddColumn(millrace::ColumnOpsOf<Value>());
    table_ = std::make_unique<KeyedTable<std::int64_t>>(layout, millrace::KeyGroupRange{}, nullptr);
    table_->ExpectSnapshots();
    for (std::int64_t key = 0; key < rows; ++key) {
      const millrace::RowRef ref = table_->Insert(key, millrace::KeyHash(key));
      *reinterpret_cast<Value*>(ref.row + value_) = Value{};
    }
  }
  /// So many updates, `touch` called before each; ns of CPU for one.
  template <class Touch>
  double Updates(std::int64_t count, Touch touch) {
    const std::int64_t begin = ThreadCpuNanos();
    std::int64_t done = 0;
    for (; done < count; done += kBlock) {
      std::int64_t keys[kBlock];
      std::uint64_t hashes[kBlock];
      for (std::uint32_t i = 0; i < kBlock; ++i) {
        keys[i] = next_++ * 2654435761 % rows_;
        hashes[i] = millrace::KeyHash(keys[i]);
      }
      const KeyedTable<std::int64_t>::Block block(*table_, hashes, kBlock);
      for (std::uint32_t i = 0; i < kBlock; ++i) {
        const millrace::RowRef ref = table_->Find(keys[i], hashes[i], block, i);
        touch(ref);
        state_rows::Apply(Update{keys[i], 1}, reinterpret_cast<Value*>(ref.row + value_));
      }
    }
    return static_cast<double>(ThreadCpuNanos() - begin) / static_cast<double>(done);
  }
  KeyedTable<std::int64_t>& operator*() { return *table_; }

 private:
  std::int64_t rows_, next_ = 0;
  std::uint32_t value_ = 0;
  std::unique_ptr<KeyedTable<std::int64_t>> table_;
};

template <class Value>
void Measure(std::int64_t rows) {
  Table<Value> table(rows);
  const auto touch = [&](millrace::RowRef ref) { (*table).Touch(ref); };
  std::int64_t id = 0;
  // A snapshot of all rows, of which `updates` happen before a slice does.
  const auto by_rows = [&](std::int64_t updates) {
    Counted sink;
    millrace::TableSnapshot to(0, ++id, &(*table).layout(), &sink);
    (*table).BeginSnapshot(&to, true);
    const double ns = updates == 0 ? 0 : table.Updates(updates, touch);
    const double kept = static_cast<double>(sink.bytes);
    const std::int64_t begin = ThreadCpuNanos();
    while (!(*table).SnapshotSlice(4096)) {
    }
    return std::pair(ns, std::pair(kept, static_cast<double>(ThreadCpuNanos() - begin) / 1e6));
  };
  by_rows(0);  // and all marks are set
  Chunks chunks;
  millrace::StateTable::Cursor cursor;
  while (const millrace::RowRef ref = (*table).Next(&cursor)) chunks.Cover(ref.row);
  for (const std::int64_t updates : {std::int64_t{1024}, rows / 100, rows / 10, rows}) {
    by_rows(0);
    const double none = table.Updates(updates, touch);
    const auto [row_ns, row_rest] = by_rows(updates);
    by_rows(0);
    chunks.Begin();
    chunks.bytes = 0;
    const double chunk_ns = table.Updates(updates, [&](millrace::RowRef ref) {
      chunks.Touch(ref.row);
      (*table).Touch(ref);
    });
    const auto count = static_cast<double>(updates);
    std::printf("%lld,%zu,%lld,%.1f,%.1f,%.1f,%.0f,%.0f,%.1f\n", static_cast<long long>(rows),
                sizeof(Value), static_cast<long long>(updates), none, row_ns, chunk_ns,
                row_rest.first / count, static_cast<double>(chunks.bytes) / count, row_rest.second);
    std::fflush(stdout);
  }
}

}  // namespace

int main() {
  std::printf(
      "rows,value_bytes,updates,none_ns,rows_ns,chunks_ns,rows_bytes_per_update,chunks_bytes_per_"
      "update,rows_rest_ms\n");
  Measure<state_rows::Small>(1000000);
  Measure<state_rows::Small>(10000000);
  Measure<state_rows::Value>(10000000);
}
