#include "millrace/state/row_layout.h"

namespace millrace {

std::uint32_t RowLayout::AddColumn(const ColumnOps& ops) {
  row_bytes_ = (used_ + ops.align - 1) / ops.align * ops.align;
  const std::uint32_t offset = row_bytes_;
  used_ = offset + ops.bytes;
  align_ = align_ < ops.align ? ops.align : align_;
  row_bytes_ = (used_ + align_ - 1) / align_ * align_;
  if (ops.construct != nullptr) columns_.push_back({offset, ops});
  holds_elements_ |= ops.holds_elements;
  return offset;
}

}  // namespace millrace
