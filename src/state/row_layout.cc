#include "millrace/state/row_layout.h"

#include <algorithm>
#include <vector>

namespace millrace {
namespace {

// A value of the column as it is constructed has no byte that is not zero: tried, for no type says so.
bool IsZero(const ColumnOps& ops) {
  std::vector<std::byte> room(ops.bytes + ops.align);
  auto at = reinterpret_cast<std::uintptr_t>(room.data());
  at = (at + ops.align - 1) / ops.align * ops.align;
  auto* const value = reinterpret_cast<std::byte*>(at);
  ops.construct(value);
  const bool zero =
      std::all_of(value, value + ops.bytes, [](std::byte b) { return b == std::byte{0}; });
  ops.destroy(value);
  return zero;
}

// In a row that has the column at `offset`; none: they are not its encoding.
std::vector<Piece> PiecesOf(const ColumnOps& ops, std::uint32_t offset) {
  std::vector<Piece> pieces;
  if (ops.bulk) {
    pieces.push_back({0, ops.bytes});
  } else if (ops.pieces != nullptr) {
    ops.pieces(pieces);
  }
  for (Piece& piece : pieces) piece.offset += offset;
  return pieces;
}

}  // namespace

std::uint32_t RowLayout::Place(const ColumnOps& ops) {
  row_bytes_ = (used_ + ops.align - 1) / ops.align * ops.align;
  const std::uint32_t offset = row_bytes_;
  used_ = offset + ops.bytes;
  align_ = align_ < ops.align ? ops.align : align_;
  row_bytes_ = (used_ + align_ - 1) / align_ * align_;
  if (ops.construct != nullptr) {
    columns_.push_back({offset, ops});
    zero_ = zero_ && IsZero(ops);
    moves_as_bytes_ &= ops.moves_as_bytes;
    erased_hold_nothing_ &= ops.holds_elements;
  }
  holds_elements_ |= ops.holds_elements;
  holds_ |= ops.held != nullptr;
  if (ops.pointed_bytes > 0) pointers_.push_back({offset, ops.pointed_bytes, ops.fetch_further});
  return offset;
}

std::uint32_t RowLayout::AddColumn(const ColumnOps& ops) {
  const std::uint32_t offset = Place(ops);
  all_.push_back({offset, ops});
  image_.AddColumn(PiecesOf(ops, offset));
  return offset;
}

std::uint32_t RowLayout::AddOptionalColumn(const ColumnOps& ops, std::uint32_t presence) {
  std::uint32_t bit = 1;
  for (const Column& c : all_) bit <<= c.presence != 0 ? 1 : 0;
  const std::uint32_t offset = Place(ops);
  all_.push_back({offset, ops, presence, bit});
  image_.AddColumn(PiecesOf(ops, offset), presence, bit);
  return offset;
}

bool RowLayout::serializable() const {
  for (const Column& c : all_) {
    if (!c.ops.serializable()) return false;
  }
  return true;
}

bool RowLayout::HasValue(const Column& column, const std::byte* row) {
  if (column.presence == 0) return true;
  std::uint32_t bits = 0;
  std::memcpy(&bits, row + column.presence, sizeof(bits));
  return (bits & column.bit) != 0;
}

void RowLayout::EncodeColumn(const Column& column, const std::byte* row, ByteWriter& out) {
  if (column.ops.bulk) {
    out.PutBytes(row + column.offset, column.ops.bytes);
  } else {
    column.ops.encode(row + column.offset, out);
  }
}

bool RowLayout::DecodeColumn(const Column& column, ByteReader& in, std::byte* row) {
  if (!column.ops.bulk) return column.ops.decode(in, row + column.offset);
  const char* bytes = in.Take(column.ops.bytes);
  if (bytes == nullptr) return false;
  std::memcpy(row + column.offset, bytes, column.ops.bytes);
  return true;
}

void RowLayout::EncodeValues(const std::byte* row, ByteWriter& out) const {
  for (std::size_t i = 1; i < all_.size(); ++i) {
    if (HasValue(all_[i], row)) EncodeColumn(all_[i], row, out);
  }
}

bool RowLayout::DecodeValues(ByteReader& in, std::byte* row) const {
  for (std::size_t i = 1; i < all_.size(); ++i) {
    if (HasValue(all_[i], row) && !DecodeColumn(all_[i], in, row)) return false;
  }
  return true;
}

}  // namespace millrace
