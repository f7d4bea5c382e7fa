// Rows, what they point to and what that points to, on their way into a snapshot: whatever is fetched ahead, all of them are
// written, once, in their order, and nothing else.
#include "src/state/rows_under_way.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/millrace.h"
#include "millrace/state/state_table.h"
#include "millrace/state/stored_list.h"

namespace millrace {
namespace {

struct Note {
  std::int64_t number = 0;
  String text;
};
MILLRACE_RECORD(Note, number, text);

/// The rows of one snapshot, one behind the other.
struct Rows final : BlockSink {
  static constexpr std::size_t kHead = sizeof(std::uint64_t) + sizeof(std::uint32_t);
  std::string bytes;
  void Take(SnapshotBlock kind, ByteWriter block) override {
    if (kind == SnapshotBlock::kRows) bytes += block.view().substr(kHead);
  }
};

/// Rows of a key, and a note and a list of notes in blocks of their own.
class Table {
 public:
  Table() : layout_(KeyedTable<std::int64_t>::KeyLayout()) {
    note_ = layout_.AddColumn(ColumnOpsOf<OwnedStrings<Note>>());
    list_ = layout_.AddColumn(ColumnOpsOf<StoredList<Note>>());
  }
  ~Table() {
    for (const auto& row : rows_) layout_.Destroy(row.get());
  }
  const RowLayout& layout() const { return layout_; }

  /// Some rows point to nothing, others to texts that stand elsewhere.
  const std::byte* Add(std::int64_t key) {
    auto row = std::make_unique<std::byte[]>(layout_.row_bytes());
    layout_.Construct(row.get());
    std::memcpy(row.get(), &key, sizeof(key));
    const std::string text(static_cast<std::size_t>(key % 300), 'a');
    const Note note{key, key % 2 == 0 ? String::Static("elsewhere") : String::View(text)};
    if (key % 3 != 0) StoredSet<Note>(row.get() + note_, note);
    auto& list = *reinterpret_cast<StoredList<Note>*>(row.get() + list_);
    for (std::int64_t i = 0; i < key % 5 * 9; ++i)
      StoredSet<Note>(reinterpret_cast<std::byte*>(&list.emplace_back()), note);
    rows_.push_back(std::move(row));
    return rows_.back().get();
  }
  std::string Encoded() const {
    ByteWriter out;
    for (const auto& row : rows_) {
      layout_.EncodeKey(row.get(), out);
      layout_.EncodeValues(row.get(), out);
    }
    return std::string(out.view());
  }

 private:
  RowLayout layout_;
  std::uint32_t note_, list_;
  std::vector<std::unique_ptr<std::byte[]>> rows_;
};

TEST(RowsUnderWay, AllRowsAreWrittenInTheirOrder) {
  for (const std::int64_t count : {0, 1, 7, 8, 9, 24, 40, 47, 48, 49, 56, 63, 64, 65, 128, 1000}) {
    Table table;
    Rows written;
    TableSnapshot snapshot(1, 0, &table.layout(), &written);
    snapshot.Begin({}, static_cast<std::uint64_t>(count), {}, 0);
    RowsUnderWay rows(&snapshot, table.layout());
    for (std::int64_t key = 0; key < count; ++key) rows.Add(table.Add(key));
    rows.Write();
    snapshot.End();
    EXPECT_EQ(snapshot.rows(), static_cast<std::uint64_t>(count));
    EXPECT_EQ(written.bytes, table.Encoded()) << count << " rows";
  }
}

}  // namespace
}  // namespace millrace
