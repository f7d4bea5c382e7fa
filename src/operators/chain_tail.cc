#include "millrace/operators/chain/chain_tail.h"

namespace millrace {

bool EdgeTailBase::Blocked() {
  return edge_->Blocked();
}
void EdgeTailBase::Flush(FlushMode mode) {
  edge_->Flush(mode);
}
void EdgeTailBase::EmitWatermark(EventTime watermark) {
  edge_->EmitWatermark(watermark);
}
void EdgeTailBase::EmitIdle() {
  edge_->EmitIdle();
}
void EdgeTailBase::EmitEnd() {
  edge_->EmitEnd();
}
void EdgeTailBase::EmitBarrier(std::int64_t checkpoint) {
  edge_->EmitBarrier(checkpoint);
}

}  // namespace millrace
