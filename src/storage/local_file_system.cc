#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "millrace/storage/file_system.h"

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

/// "create '/x/y': No space left on device".
Status Failed(const char* what, const std::string& path, int error) {
  return {CodeOf(error), std::string(what) + " '" + path + "': " + std::strerror(error)};
}

/// An open file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

class LocalWritableFile final : public WritableFile {
 public:
  LocalWritableFile(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = write(fd_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failed("write", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(n));
      written_ += n;
    }
    // Large files are on their way to the disk before Sync waits for it, which says whether they have come there.
    if (written_ - begun_ >= kWriteBehind) {
      sync_file_range(fd_.get(), begun_, written_ - begun_, SYNC_FILE_RANGE_WRITE);
      begun_ = written_;
    }
    return Status::Ok();
  }
  Status Sync() override {
    return fdatasync(fd_.get()) == 0 ? Status::Ok() : Failed("sync", path_, errno);
  }
  Status Close() override {
    return close(fd_.Release()) == 0 ? Status::Ok() : Failed("close", path_, errno);
  }

 private:
  static constexpr off_t kWriteBehind = 4 * 1024 * 1024;
  Descriptor fd_;
  std::string path_;
  off_t written_ = 0;
  off_t begun_ = 0;  // the writing of these has begun
};

class LocalReadableFile final : public ReadableFile {
 public:
  LocalReadableFile(Descriptor fd, std::string path, std::uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}

  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, char* to, std::size_t bytes) const override {
    while (bytes > 0) {
      const ssize_t n = pread(fd_.get(), to, bytes, static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Failed("read", path_, errno);
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

 private:
  Descriptor fd_;
  std::string path_;
  std::uint64_t size_;
};

/// The kernel drops it with the descriptor, so also when the process dies.
class LocalFileLock final : public FileLock {
 public:
  explicit LocalFileLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

class LocalFiles final : public FileSystem {
 public:
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    Descriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd.get() < 0) return Failed("create", path, errno);
    return std::unique_ptr<WritableFile>(new LocalWritableFile(std::move(fd), path));
  }

  Result<std::unique_ptr<ReadableFile>> Open(const std::string& path) override {
    Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return Failed("open", path, errno);
    struct stat info{};
    if (fstat(fd.get(), &info) != 0) return Failed("open", path, errno);
    if (!S_ISREG(info.st_mode)) {
      return Status::InvalidArgument("open '" + path + "': it is no regular file");
    }
    return std::unique_ptr<ReadableFile>(
        new LocalReadableFile(std::move(fd), path, static_cast<std::uint64_t>(info.st_size)));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) == 0) return Status::Ok();
    return Failed("rename", from + "' to '" + to, errno);
  }

  Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) == 0) return Status::Ok();
    if (errno != EISDIR && errno != EPERM) return Failed("remove", path, errno);
    return rmdir(path.c_str()) == 0 ? Status::Ok() : Failed("remove", path, errno);
  }

  Result<std::vector<FileEntry>> List(const std::string& folder) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), &closedir);
    if (dir == nullptr) return Failed("list", folder, errno);
    std::vector<FileEntry> entries;
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(dir.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat info{};
      if (fstatat(dirfd(dir.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;  // removed in the meantime
        return Failed("list", JoinPath(folder, name), errno);
      }
      entries.push_back(
          {std::string(name), S_ISDIR(info.st_mode), static_cast<std::uint64_t>(info.st_size)});
    }
    if (errno != 0) return Failed("list", folder, errno);
    std::sort(entries.begin(), entries.end(),
              [](const FileEntry& a, const FileEntry& b) { return a.name < b.name; });
    return entries;
  }

  Status MakeFolder(const std::string& folder) override {
    for (std::size_t at = 1; at <= folder.size(); ++at) {
      if (at < folder.size() && folder[at] != '/') continue;
      const std::string part = folder.substr(0, at);
      if (mkdir(part.c_str(), 0777) == 0 || errno == EEXIST) continue;
      return Failed("create folder", part, errno);
    }
    struct stat info{};
    if (stat(folder.c_str(), &info) != 0) return Failed("create folder", folder, errno);
    if (!S_ISDIR(info.st_mode)) return Failed("create folder", folder, ENOTDIR);
    return Status::Ok();
  }

  Status SyncFolder(const std::string& folder) override {
    const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return Failed("sync folder", folder, errno);
    // A mounted file system may know no fsync of folders: then it keeps names by other means, or not at all.
    if (fsync(fd.get()) != 0 && errno != EINVAL) return Failed("sync folder", folder, errno);
    return Status::Ok();
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                         const std::string& owner) override {
    Descriptor fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (fd.get() < 0) return Failed("lock", path, errno);
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return Failed("lock", path, errno);
      char holder[256];
      const ssize_t n = pread(fd.get(), holder, sizeof(holder), 0);
      return Status::AlreadyExists(
          "lock '" + path +
          "': " + (n > 0 ? std::string(holder, static_cast<std::size_t>(n)) : "another process") +
          " has it");
    }
    // Only for that message: whether it can be written does not matter.
    if (ftruncate(fd.get(), 0) != 0 || pwrite(fd.get(), owner.data(), owner.size(), 0) < 0)
      errno = 0;
    return std::unique_ptr<FileLock>(new LocalFileLock(std::move(fd)));
  }
};

}  // namespace

FileSystem& LocalFileSystem() {
  static LocalFiles files;
  return files;
}

std::string JoinPath(std::string_view folder, std::string_view name) {
  std::string path(folder);
  if (!path.empty() && path.back() != '/') path += '/';
  return path += name;
}

}  // namespace millrace
