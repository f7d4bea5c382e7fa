#include "runtime/checkpoint/local/doubled_file.h"

#include "runtime/checkpoint/local/local_copy.h"

namespace millrace {

Status DoubledFile::AppendAll(std::span<const std::string_view> pieces) {
  MILLRACE_RETURN_IF_ERROR(file_->AppendAll(pieces));
  if (copy_ != nullptr) Look(copy_->AppendAll(pieces));
  return Status::Ok();
}

Status DoubledFile::Close() {
  MILLRACE_RETURN_IF_ERROR(file_->Close());
  if (copy_ != nullptr) Look(copy_->Close());
  return Status::Ok();
}

void DoubledFile::Look(const Status& copied) {
  if (copied.ok()) return;
  local_->OnTrouble(copied);
  copy_.reset();
  (void)local_->files().Remove(copy_path_);  // if not, the next clean-up does
}

}  // namespace millrace
