#include "src/storage/local_files.h"

#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace millrace {
namespace {

StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return StatusCode::kNotFound;
    case EEXIST:
    case ENOTEMPTY:
      return StatusCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
      return StatusCode::kResourceExhausted;
    default:
      return StatusCode::kUnavailable;
  }
}

}  // namespace

Status IoFailure(const char* what, const std::string& path, int error) {
  return {CodeOf(error), std::string(what) + " '" + path + "': " + std::strerror(error)};
}

bool SetDirect(int fd, bool on) {
  const int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && fcntl(fd, F_SETFL, on ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

AlignedBytes AllocateAligned(std::size_t bytes) {
  auto* const at = static_cast<char*>(std::aligned_alloc(kDirectAlign, bytes));
  if (at == nullptr) throw std::bad_alloc();
  return AlignedBytes(at);
}

Status LocalWritableFile::AppendAll(std::span<const std::string_view> pieces) {
  for (const std::string_view piece : pieces) MILLRACE_RETURN_IF_ERROR(Take(piece));
  if (!parts_.empty()) return WriteParts();  // the caller's bytes may go
  // Large files are on their way to the disk before Sync waits for it, which says whether they have come there.
  if (!direct_ && written_ - begun_ >= kWriteBehind) {
    sync_file_range(fd_.get(), begun_, written_ - begun_, SYNC_FILE_RANGE_WRITE);
    begun_ = written_;
  }
  return Status::Ok();
}

Status LocalWritableFile::Take(std::string_view bytes) {
  if (!direct_) return Write(bytes);
  const std::size_t first =
      written_ < off_t{kStaged} ? kStaged - static_cast<std::size_t>(written_) : 0;
  MILLRACE_RETURN_IF_ERROR(Write(bytes.substr(0, first)));
  return bytes.size() > first ? Stage(bytes.substr(first)) : Status::Ok();
}

Status LocalWritableFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EINVAL && set_) {  // the file system has no direct way after all
      GoTheOrdinaryWay();
      continue;
    }
    if (n < 0) return IoFailure("write", path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    written_ += n;
    if (set_ && bytes.size() % kDirectAlign != 0) GoTheOrdinaryWay();  // it was cut short
  }
  return Status::Ok();
}

Status LocalWritableFile::Stage(std::string_view bytes) {
  if (staged_ == nullptr) {
    if (!SetDirect(fd_.get(), true)) {
      direct_ = false;
      return Write(bytes);
    }
    set_ = true;
    staged_ = AllocateAligned(kStaged);
  }
  StageFromPlace(&bytes);
  while (!bytes.empty()) {
    const std::size_t fit = std::min(bytes.size(), kStaged - staged_bytes_);
    std::memcpy(staged_.get() + staged_bytes_, bytes.data(), fit);
    bytes.remove_prefix(fit);
    staged_bytes_ += fit;
    if (staged_bytes_ < kStaged) continue;
    EndFragment();
    MILLRACE_RETURN_IF_ERROR(WriteParts());
    if (!direct_) return Write(bytes);
  }
  return Status::Ok();
}

void LocalWritableFile::StageFromPlace(std::string_view* bytes) {
  const std::size_t to_page = (kDirectAlign - staged_bytes_ % kDirectAlign) % kDirectAlign;
  const auto address = reinterpret_cast<std::uintptr_t>(bytes->data());
  if (bytes->size() < kFromPlace || (address + to_page) % kDirectAlign != 0) return;
  std::memcpy(staged_.get() + staged_bytes_, bytes->data(), to_page);
  staged_bytes_ += to_page;
  EndFragment();
  bytes->remove_prefix(to_page);
  parts_.push_back(bytes->substr(0, bytes->size() / kDirectAlign * kDirectAlign));
  bytes->remove_prefix(parts_.back().size());
}

void LocalWritableFile::EndFragment() {
  if (staged_bytes_ == fragment_) return;
  parts_.emplace_back(staged_.get() + fragment_, staged_bytes_ - fragment_);
  fragment_ = staged_bytes_;
}

Status LocalWritableFile::WriteParts() {
  constexpr std::size_t kAtOnce = 64;
  Status status;
  for (std::size_t i = 0; i < parts_.size() && status.ok(); i += kAtOnce) {
    iovec vectors[kAtOnce];
    const std::size_t count = std::min(kAtOnce, parts_.size() - i);
    for (std::size_t j = 0; j < count; ++j)
      vectors[j] = {const_cast<char*>(parts_[i + j].data()), parts_[i + j].size()};
    const ssize_t n = set_ ? writev(fd_.get(), vectors, static_cast<int>(count)) : 0;
    auto done = static_cast<std::size_t>(std::max<ssize_t>(n, 0));
    written_ += static_cast<off_t>(done);
    // What has not gone that way goes the ordinary one, which says why it can't be written if so.
    for (std::size_t j = 0; j < count && status.ok(); ++j) {
      const std::size_t gone = std::min(done, parts_[i + j].size());
      done -= gone;
      if (gone == parts_[i + j].size()) continue;
      GoTheOrdinaryWay();
      status = Write(parts_[i + j].substr(gone));
    }
  }
  parts_.clear();
  std::memmove(staged_.get(), staged_.get() + fragment_, staged_bytes_ - fragment_);
  staged_bytes_ -= std::exchange(fragment_, 0);
  return status.ok() && !direct_ ? WriteStaged() : status;
}

Status LocalWritableFile::WriteStaged() {
  const std::size_t bytes = std::exchange(staged_bytes_, 0);
  return Write({staged_.get(), bytes});
}

void LocalWritableFile::GoTheOrdinaryWay() {
  if (set_) SetDirect(fd_.get(), false);
  set_ = direct_ = false;
}

Status LocalWritableFile::Sync() {
  GoTheOrdinaryWay();  // the rest fills no page
  MILLRACE_RETURN_IF_ERROR(WriteStaged());
  staged_.reset();
  return fdatasync(fd_.get()) == 0 ? Status::Ok() : IoFailure("sync", path_, errno);
}

Status LocalWritableFile::Close() {
  GoTheOrdinaryWay();
  MILLRACE_RETURN_IF_ERROR(WriteStaged());
  return close(fd_.Release()) == 0 ? Status::Ok() : IoFailure("close", path_, errno);
}

bool LocalReadableFile::ReadDirect(std::uint64_t offset, char* to, std::size_t bytes) const {
  constexpr std::size_t kAtOnce = std::size_t{1} << 20;
  thread_local const AlignedBytes buffer = AllocateAligned(kAtOnce);
  while (bytes > 0) {
    const std::size_t before = offset % kDirectAlign;
    const std::size_t wanted = (before + bytes + kDirectAlign - 1) / kDirectAlign * kDirectAlign;
    const ssize_t n = pread(direct_.get(), buffer.get(), std::min(wanted, kAtOnce),
                            static_cast<off_t>(offset - before));
    if (n < 0 || static_cast<std::size_t>(n) <= before) return false;
    const std::size_t came = std::min(bytes, static_cast<std::size_t>(n) - before);
    std::memcpy(to, buffer.get() + before, came);
    to += came;
    offset += came;
    bytes -= came;
  }
  return true;
}

Status LocalReadableFile::ReadAt(std::uint64_t offset, char* to, std::size_t bytes) const {
  if (bytes >= kLarge && direct_.get() >= 0 && ReadDirect(offset, to, bytes)) return Status::Ok();
  while (bytes > 0) {
    const ssize_t n = pread(fd_.get(), to, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return IoFailure("read", path_, errno);
    if (n == 0) {
      return Status::DataLoss("read '" + path_ + "' at " + std::to_string(offset) +
                              ": the file ends before");
    }
    to += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::size_t>(n);
  }
  return Status::Ok();
}

}  // namespace millrace
