#include "millrace/state/row_image.h"

namespace millrace {

std::uint32_t RowImage::PlaceInImage(std::uint32_t offset) const {
  const auto has = [offset](const Run& run) {
    return offset >= run.offset && offset + sizeof(std::uint32_t) <= run.offset + run.bytes;
  };
  if (has(head_)) return offset;
  std::uint32_t at = head_.bytes;
  for (const Run& run : tail_) {
    if (run.presence != 0) return 0;
    if (has(run)) return at + offset - run.offset;
    at += run.bytes;
  }
  return 0;
}

void RowImage::AddColumn(const std::vector<Piece>& pieces, std::uint32_t presence,
                         std::uint32_t bit) {
  valid_ &= !pieces.empty();
  const std::uint32_t in_image = presence == 0 ? 0 : PlaceInImage(presence);
  if (presence != 0) valid_ &= in_image != 0;
  if (max_bytes_ == 0) key_ = pieces;
  for (const Piece& piece : pieces) {
    max_bytes_ += piece.bytes;
    min_bytes_ += presence == 0 ? piece.bytes : 0;
    Run& last = tail_.empty() ? head_ : tail_.back();
    if (presence == last.presence && bit == last.bit && piece.offset == last.offset + last.bytes) {
      last.bytes += piece.bytes;
    } else {
      tail_.push_back({piece.offset, piece.bytes, presence, in_image, bit});
    }
  }
}

}  // namespace millrace
