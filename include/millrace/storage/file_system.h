#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/base/status.h"

namespace millrace {

/// A file that is being written, from its beginning to its end. Called by one thread at a time.
class WritableFile {
 public:
  virtual ~WritableFile() = default;  // without Close the file is as far as it came: cut off
  virtual Status Append(std::string_view bytes) = 0;
  /// One behind the other; may cost less than one by one.
  virtual Status AppendAll(std::span<const std::string_view> pieces) {
    for (const std::string_view piece : pieces) MILLRACE_RETURN_IF_ERROR(Append(piece));
    return Status::Ok();
  }
  /// What was appended survives the loss of power. Its name does not, before FileSystem::SyncFolder.
  virtual Status Sync() = 0;
  virtual Status Close() = 0;
};

/// A file that is read at any place. May be called by several threads.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  virtual std::uint64_t size() const = 0;
  /// Exactly `bytes` bytes from `offset` on; DATA_LOSS when the file ends before.
  virtual Status ReadAt(std::uint64_t offset, char* to, std::size_t bytes) const = 0;
};

/// A lock on a path, until it is destroyed or its process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct FileEntry {
  std::string name;  // within its folder
  bool folder = false;
  std::uint64_t bytes = 0;
};

/// Where checkpoints and output files lie: the local file system, or a mounted one. (S3, HDFS: further ones.)
///
/// Paths are absolute or relative to the process; their parts are separated by '/'. Every error says what was tried, on
/// which path, and why it failed. May be called by several threads.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// A new file; ALREADY_EXISTS when there is one: nothing is ever overwritten by accident.
  virtual Result<std::unique_ptr<WritableFile>> Create(const std::string& path) = 0;
  /// The same for a file into which much will be written that is not read soon.
  virtual Result<std::unique_ptr<WritableFile>> CreateLarge(const std::string& path) {
    return Create(path);
  }
  virtual Result<std::unique_ptr<ReadableFile>> Open(const std::string& path) = 0;
  /// Atomically; replaces a file at `to`.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  /// A file, or an empty folder. NOT_FOUND when there is none.
  virtual Status Remove(const std::string& path) = 0;
  /// In the order of their names. NOT_FOUND when there is no such folder.
  virtual Result<std::vector<FileEntry>> List(const std::string& folder) = 0;
  /// With its parents; nothing when it exists.
  virtual Status MakeFolder(const std::string& folder) = 0;
  /// The names in it (created, renamed, removed files) survive the loss of power.
  virtual Status SyncFolder(const std::string& folder) = 0;
  /// For one holder at a time, in this process or another; `owner` is a word on who that is. Makes the file when there is
  /// none and leaves it. ALREADY_EXISTS when somebody has the lock: the message says who.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                                 const std::string& owner) = 0;
};

/// The file system of this machine.
FileSystem& LocalFileSystem();

/// Where a path of a configuration lies.
struct FileLocation {
  FileSystem* files = nullptr;
  std::string path;  // within it
};
/// "SCHEME://PATH" is in the file system that was registered for the scheme, all else in that of this machine. NOT_FOUND
/// for a scheme that nobody has registered.
Result<FileLocation> LocateFiles(const std::string& path);
/// From here on; `files` outlives its use. Null takes it back.
void RegisterFileSystem(const std::string& scheme, FileSystem* files);

/// Makes a folder whose name, and its parents', survive the loss of power. Nothing is done when it exists.
Status MakeDurableFolder(FileSystem& files, const std::string& folder);

/// `folder/name`.
std::string JoinPath(std::string_view folder, std::string_view name);

}  // namespace millrace
