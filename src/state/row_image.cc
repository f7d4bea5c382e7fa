#include "millrace/state/row_image.h"

namespace millrace {

void RowImage::AddColumn(std::uint32_t offset, std::uint32_t bytes, std::uint32_t presence,
                         std::uint32_t bit, bool bulk) {
  valid_ &= bulk;
  max_bytes_ += bytes;
  if (presence != 0) valid_ &= presence + sizeof(std::uint32_t) <= head_.bytes;
  Run& last = tail_.empty() ? head_ : tail_.back();
  if (presence == 0 && last.presence == 0 && offset == last.offset + last.bytes) {
    last.bytes += bytes;
  } else {
    tail_.push_back({offset, bytes, presence, bit});
  }
}

}  // namespace millrace
