#include "src/storage/local_files.h"

#include <fcntl.h>

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

Status LocalWritableFile::Append(std::string_view bytes) {
  if (direct_) {
    const std::size_t first =
        written_ < off_t{kStaged} ? kStaged - static_cast<std::size_t>(written_) : 0;
    MILLRACE_RETURN_IF_ERROR(Write(bytes.substr(0, first)));
    return bytes.size() > first ? Stage(bytes.substr(first)) : Status::Ok();
  }
  MILLRACE_RETURN_IF_ERROR(Write(bytes));
  // Large files are on their way to the disk before Sync waits for it, which says whether they have come there.
  if (written_ - begun_ >= kWriteBehind) {
    sync_file_range(fd_.get(), begun_, written_ - begun_, SYNC_FILE_RANGE_WRITE);
    begun_ = written_;
  }
  return Status::Ok();
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
      return Append(bytes);
    }
    set_ = true;
    staged_ = AllocateAligned(kStaged);
  }
  while (!bytes.empty()) {
    const std::size_t fit = std::min(bytes.size(), kStaged - staged_bytes_);
    std::memcpy(staged_.get() + staged_bytes_, bytes.data(), fit);
    bytes.remove_prefix(fit);
    staged_bytes_ += fit;
    if (staged_bytes_ == kStaged) MILLRACE_RETURN_IF_ERROR(WriteStaged());
    if (!direct_) return Append(bytes);
  }
  return Status::Ok();
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
