#include "millrace/state/table_restore.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

namespace millrace {
namespace {

Status Lost(const char* what) {
  return Status::DataLoss(std::string("restore keyed state: ") + what + " does not decode");
}

// The table's number in front of each block.
bool OfTable(std::uint64_t table, ByteReader& in, bool* ok) {
  std::uint64_t found = 0;
  *ok = in.Get(&found);
  return *ok && found == table;
}

// Behind the ranges of a table's head: the rows, which the first files of version 1 do not have.
bool GetRows(ByteReader& in, std::uint64_t* rows) {
  if (in.remaining() != 0) in.Get(rows);
  return in.AtEnd();
}

}  // namespace

bool SnapshotChain::Scan(std::uint64_t table, std::uint32_t snapshot, std::string_view block) {
  ByteReader in(block);
  bool ok = false;
  if (!OfTable(table, in, &ok)) return ok;
  std::uint32_t count = 0;
  if (!in.GetCount(8, &count)) return false;
  for (; count > 0; --count) {
    KeyGroupRange range;
    in.Get(&range.begin);
    in.Get(&range.end);
    if (range.begin > range.end || range.end > first_.size()) return false;
    std::fill(first_.begin() + range.begin, first_.begin() + range.end, snapshot);
  }
  std::uint64_t rows = 0;
  return GetRows(in, &rows);
}

SnapshotChain::Head SnapshotChain::HeadOf(std::string_view block) {
  ByteReader in(block);
  Head head;
  std::uint32_t count = 0;
  in.Get(&head.table);
  if (in.GetCount(8, &count)) in.Take(std::size_t{count} * 8);
  if (!GetRows(in, &head.rows)) head.rows = 0;
  return head;
}

TableRestore::TableRestore(std::uint64_t number, StateTable* table, const SnapshotChain* chain)
    : number_(number), table_(table), chain_(chain) {
  constexpr std::size_t kLine = 64;
  const std::size_t bytes = (table->layout().row_bytes() + kLine - 1) / kLine * kLine;
  row_ = static_cast<std::byte*>(std::aligned_alloc(kLine, bytes));
  if (row_ == nullptr) throw std::bad_alloc();
  std::memset(row_, 0, bytes);
  table->layout().Construct(row_);
}

TableRestore::~TableRestore() {
  table_->layout().Destroy(row_);
  std::free(row_);
}

bool TableRestore::Wanted(std::uint64_t hash, std::uint32_t snapshot) const {
  const auto group = static_cast<std::uint32_t>(hash >> 48);
  return table_->Owns(group) && chain_->Holds(group, snapshot);
}

Status TableRestore::Apply(std::uint32_t snapshot, SnapshotBlock kind, std::string_view block) {
  if (kind != SnapshotBlock::kErased && kind != SnapshotBlock::kRows) return Status::Ok();
  ByteReader in(block);
  bool ok = false;
  if (!OfTable(number_, in, &ok)) return ok ? Status::Ok() : Lost("a block");
  const ArenaScope scope(arena_);
  const Status status =
      kind == SnapshotBlock::kRows ? ApplyRows(snapshot, in) : ApplyErased(snapshot, in);
  arena_.Recycle();
  return status;
}

Status TableRestore::ApplyRows(std::uint32_t snapshot, ByteReader& in) {
  const RowLayout& layout = table_->layout();
  if (layout.image() != nullptr) return ApplyImages(snapshot, *layout.image(), in);
  std::uint32_t count = 0;
  if (!in.Get(&count)) return Lost("a block of rows");
  for (; count > 0; --count) {
    const ByteReader at_key = in;
    if (!layout.DecodeKey(in, row_)) return Lost("a key");
    const std::uint64_t hash = layout.Hash(row_);
    std::byte* row = row_;
    if (Wanted(hash, snapshot)) {
      RowRef ref = table_->FindRow(row_, hash);
      if (!ref) {
        ref = table_->InsertRestored(hash);
        ByteReader again = at_key;
        (void)layout.DecodeKey(again, ref.row);
      }
      row = ref.row;
    }
    if (!layout.DecodeValues(in, row)) return Lost("a row");
  }
  return in.AtEnd() ? Status::Ok() : Lost("the end of a block of rows");
}

Status TableRestore::ApplyImages(std::uint32_t snapshot, const RowImage& image, ByteReader& in) {
  const RowLayout& layout = table_->layout();
  std::uint32_t left = 0;
  if (!in.Get(&left)) return Lost("a block of rows");
  constexpr std::size_t kAtOnce = 64;  // whose places are fetched together
  const char* rows[kAtOnce];
  std::uint64_t hashes[kAtOnce];
  while (left > 0) {
    std::uint32_t wanted = 0;
    for (; left > 0 && wanted < kAtOnce; --left) {
      rows[wanted] = in.Peek();
      const std::size_t length = image.Length(rows[wanted], in.remaining());
      if (length == 0) return Lost("a row");
      in.Take(length);
      layout.CopyKey(rows[wanted], row_);
      hashes[wanted] = layout.Hash(row_);
      wanted += Wanted(hashes[wanted], snapshot) ? 1 : 0;
    }
    table_->Fetch(hashes, wanted);
    for (std::uint32_t i = 0; i < wanted; ++i) {
      layout.CopyKey(rows[i], row_);
      RowRef ref = table_->FindRow(row_, hashes[i]);
      if (!ref) ref = table_->InsertRestored(hashes[i]);
      image.Read(rows[i], ref.row);
    }
  }
  return in.AtEnd() ? Status::Ok() : Lost("the end of a block of rows");
}

Status TableRestore::ApplyErased(std::uint32_t snapshot, ByteReader& in) {
  const RowLayout& layout = table_->layout();
  std::uint32_t count = 0;
  if (!in.Get(&count)) return Lost("a block of erased keys");
  for (; count > 0; --count) {
    if (!layout.DecodeKey(in, row_)) return Lost("an erased key");
    const std::uint64_t hash = layout.Hash(row_);
    if (!Wanted(hash, snapshot)) continue;
    const RowRef ref = table_->FindRow(row_, hash);
    if (!ref) continue;
    table_->Erase(ref, hash);
    layout.Renew(
        ref.row);  // whoever inserts there next relies on what operators leave when they erase
  }
  return in.AtEnd() ? Status::Ok() : Lost("the end of a block of erased keys");
}

}  // namespace millrace
