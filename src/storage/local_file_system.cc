#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "millrace/storage/file_system.h"
#include "src/storage/local_files.h"

namespace millrace {
namespace {

/// The kernel drops it with the descriptor, so also when the process dies.
class LocalFileLock final : public FileLock {
 public:
  explicit LocalFileLock(Descriptor fd) : fd_(std::move(fd)) {}

 private:
  Descriptor fd_;
};

class LocalFiles final : public FileSystem {
 public:
  static constexpr off_t kDirectBytes = off_t{1} << 20;

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    return Create(path, /*large=*/false);
  }
  Result<std::unique_ptr<WritableFile>> CreateLarge(const std::string& path) override {
    return Create(path, /*large=*/true);
  }

  Result<std::unique_ptr<ReadableFile>> Open(const std::string& path) override {
    Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) return IoFailure("open", path, errno);
    struct stat info{};
    if (fstat(fd.get(), &info) != 0) return IoFailure("open", path, errno);
    if (!S_ISREG(info.st_mode)) {
      return Status::InvalidArgument("open '" + path + "': it is no regular file");
    }
    const bool large = info.st_size >= kDirectBytes;  // a second descriptor has its price too
    Descriptor direct(large ? open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC) : -1);
    return std::unique_ptr<ReadableFile>(new LocalReadableFile(
        std::move(fd), std::move(direct), path, static_cast<std::uint64_t>(info.st_size)));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) == 0) return Status::Ok();
    return IoFailure("rename", from + "' to '" + to, errno);
  }

  Status Remove(const std::string& path) override {
    if (unlink(path.c_str()) == 0) return Status::Ok();
    if (errno != EISDIR && errno != EPERM) return IoFailure("remove", path, errno);
    return rmdir(path.c_str()) == 0 ? Status::Ok() : IoFailure("remove", path, errno);
  }

  Result<std::vector<FileEntry>> List(const std::string& folder) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(folder.c_str()), &closedir);
    if (dir == nullptr) return IoFailure("list", folder, errno);
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
        return IoFailure("list", JoinPath(folder, name), errno);
      }
      entries.push_back(
          {std::string(name), S_ISDIR(info.st_mode), static_cast<std::uint64_t>(info.st_size)});
    }
    if (errno != 0) return IoFailure("list", folder, errno);
    std::sort(entries.begin(), entries.end(),
              [](const FileEntry& a, const FileEntry& b) { return a.name < b.name; });
    return entries;
  }

  Status MakeFolder(const std::string& folder) override {
    for (std::size_t at = 1; at <= folder.size(); ++at) {
      if (at < folder.size() && folder[at] != '/') continue;
      const std::string part = folder.substr(0, at);
      if (mkdir(part.c_str(), 0777) == 0 || errno == EEXIST) continue;
      return IoFailure("create folder", part, errno);
    }
    struct stat info{};
    if (stat(folder.c_str(), &info) != 0) return IoFailure("create folder", folder, errno);
    if (!S_ISDIR(info.st_mode)) return IoFailure("create folder", folder, ENOTDIR);
    return Status::Ok();
  }

  Status SyncFolder(const std::string& folder) override {
    const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0) return IoFailure("sync folder", folder, errno);
    // A mounted file system may know no fsync of folders: then it keeps names by other means, or not at all.
    if (fsync(fd.get()) != 0 && errno != EINVAL) return IoFailure("sync folder", folder, errno);
    return Status::Ok();
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                         const std::string& owner) override {
    Descriptor fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (fd.get() < 0) return IoFailure("lock", path, errno);
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return IoFailure("lock", path, errno);
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

 private:
  static Result<std::unique_ptr<WritableFile>> Create(const std::string& path, bool large) {
    Descriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd.get() < 0) return IoFailure("create", path, errno);
    return std::unique_ptr<WritableFile>(new LocalWritableFile(std::move(fd), path, large));
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
