#include "millrace/state/table_snapshot.h"

#include <algorithm>
#include <utility>

#include "src/io/write_blocks.h"

namespace millrace {

KeyGroupRange KeyGroupRange::Of(int index, int parallelism) {
  const auto p = static_cast<std::uint64_t>(parallelism);
  const auto begin = (static_cast<std::uint64_t>(index) * 65536 + p - 1) / p;
  const auto end = ((static_cast<std::uint64_t>(index) + 1) * 65536 + p - 1) / p;
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

TableSnapshot::TableSnapshot(std::uint64_t table, std::int64_t id, const RowLayout* layout,
                             BlockSink* sink)
    : table_(table), id_(id), oldest_(id), layout_(layout), image_(layout->image()), sink_(sink) {}

void TableSnapshot::Begin(const std::vector<KeyGroupRange>& whole, std::uint64_t rows,
                          std::string_view erased, std::uint32_t count) {
  ByteWriter table;
  table.Put(table_);
  table.PutCount(whole.size());
  for (const KeyGroupRange& range : whole) {
    table.Put(range.begin);
    table.Put(range.end);
  }
  table.Put(rows);
  bytes_ += table.size();
  sink_->Take(SnapshotBlock::kTable, std::move(table));
  if (count > 0) {
    ByteWriter keys;
    keys.Put(table_);
    keys.Put(count);
    keys.PutBytes(erased.data(), erased.size());
    bytes_ += keys.size();
    sink_->Take(SnapshotBlock::kErased, std::move(keys));
  }
  StartBlock();
}

void TableSnapshot::AddRows(const std::byte* const* rows, std::uint32_t count) {
  while (count > 0) {
    // The last of them at most fills the block.
    const std::uint32_t some = image_ == nullptr ? 1 : std::min(count, ImagesThatFit());
    if (image_ != nullptr) {
      block_.Reserve(some * image_->max_bytes());
      char* end = block_.end();
      for (std::uint32_t i = 0; i < some; ++i) end = image_->Write(rows[i], end);
      block_.Advance(static_cast<std::size_t>(end - block_.end()));
    } else {
      layout_->EncodeKey(*rows, block_);
      layout_->EncodeValues(*rows, block_);
    }
    rows += some;
    count -= some;
    rows_in_block_ += some;
    rows_ += some;
    if (block_.size() >= kBlockBytes) Flush();
  }
}

std::uint32_t TableSnapshot::ImagesThatFit() const {
  return 1 + static_cast<std::uint32_t>((kBlockBytes - block_.size()) / image_->max_bytes());
}

void TableSnapshot::StartBlock() {
  constexpr std::size_t kRoom =
      kBlockBytes + kBlockBytes / 16;  // with its last row, in most tables
  static_assert(kRoom + ByteWriter::kPage <= WriteBlocks::kBlockBytes);
  // As large as the last.
  block_ = bytes_ < kBlockBytes ? ByteWriter() : ByteWriter::Placed(sink_->NextPhase(), kRoom);
  block_.Put(table_);
  block_.Put(std::uint32_t{0});
  rows_in_block_ = 0;
}

void TableSnapshot::Flush() {
  if (rows_in_block_ == 0) return;
  block_.PatchAt(kCountAt, rows_in_block_);
  bytes_ += block_.size();
  sink_->Take(SnapshotBlock::kRows, std::move(block_));
  StartBlock();
}

}  // namespace millrace
