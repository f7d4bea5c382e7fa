#include "runtime/checkpoint/restore/copied_file.h"

#include "millrace/base/log.h"

namespace millrace {

Result<std::unique_ptr<CopiedFile>> CopiedFile::Open(Place place, RestoredFrom* from) {
  std::unique_ptr<CopiedFile> file(new CopiedFile(std::move(place), from));
  if (file->place_.local != nullptr && file->OpenLocal()) {
    ++from->local;
    return file;
  }
  MILLRACE_RETURN_IF_ERROR(file->OpenStored());
  ++from->storage;
  return file;
}

bool CopiedFile::OpenLocal() {
  const std::string path = place_.local->PathOf(place_.name);
  auto file = place_.local->files().Open(path);
  if (file.status().code() == StatusCode::kNotFound) return false;
  Status status = file.status();
  if (status.ok() && place_.bytes != 0 && file.value()->size() != place_.bytes) {
    status =
        Status::DataLoss("read '" + path + "': it has " + std::to_string(file.value()->size()) +
                         " bytes, the manifest says " + std::to_string(place_.bytes));
  }
  if (status.ok()) {
    auto reader = BlockFileReader::Open(std::move(file).value(), path);
    status = reader.status();
    if (reader.ok()) local_.emplace(std::move(reader).value());
  }
  if (!status.ok()) Log(kWarn, status.message(), "; '", place_.path, "' is read instead");
  return status.ok();
}

Status CopiedFile::OpenStored() const {
  const std::lock_guard lock(mutex_);
  if (stored_.has_value()) return Status::Ok();
  auto reader = BlockFileReader::Open(*place_.files, place_.path);
  if (!reader.ok()) return reader.status();
  stored_.emplace(std::move(reader).value());
  in_storage_.store(true, std::memory_order_release);
  if (!local_.has_value()) return Status::Ok();
  --from_->local;
  ++from_->storage;
  return Status::Ok();
}

Status CopiedFile::Read(const BlockEntry& block, std::string* bytes) const {
  if (is_local()) {
    const Status status = local_->Read(block, bytes);
    if (status.ok()) return status;
    Log(kWarn, status.message(), "; '", place_.path, "' is read instead");
    MILLRACE_RETURN_IF_ERROR(OpenStored());
  }
  return stored_->Read(block, bytes);
}

}  // namespace millrace
