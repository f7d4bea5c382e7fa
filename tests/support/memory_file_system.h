#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/storage/file_system.h"

namespace millrace {

/// Files in memory that forget what was not synced when the machine "loses power", and fail where a test says.
///
/// A file's bytes survive Crash() as far as Sync() was called after them, and then a random part of the rest; its name, and that
/// of a folder, survives as its folder was at the last SyncFolder(). A rename is one step, as journaling file systems have it:
/// when its source folder forgets the old name, the new one is there. Folders without a parent are always there.
class MemoryFileSystem final : public FileSystem {
 public:
  explicit MemoryFileSystem(std::uint64_t seed = 1) : random_(seed) { folders_[""] = true; }

  /// Asked before each operation ("create", "write", "sync", "close", "open", "read", "rename", "remove", "list", "make
  /// folder", "sync folder"): an error is returned to the caller, and nothing is done.
  using Fault = std::function<Status(const std::string& operation, const std::string& path)>;
  void FailWhere(Fault fault) { fault_ = std::move(fault); }

  /// Power is lost: open files are dead, what was not synced is gone or half there.
  void Crash() {
    const std::lock_guard lock(mutex_);
    // A folder that is gone takes what is below it along; parents stand before what is in them.
    std::erase_if(folders_, [&](const auto& entry) {
      const std::string& path = entry.first;
      return path.find('/') != std::string::npos && durable_folders_.count(path) == 0;
    });
    for (auto it = folders_.begin(); it != folders_.end();)
      it = folders_.count(FolderOf(it->first)) == 0 ? folders_.erase(it) : std::next(it);
    names_ = durable_names_;
    std::erase_if(names_,
                  [&](const auto& entry) { return folders_.count(FolderOf(entry.first)) == 0; });
    durable_names_ = names_;
    durable_folders_ = folders_;
    locks_ = std::make_shared<Locks>();  // they die with the processes that had them
    for (auto& [path, file] : names_) {
      const std::size_t unsynced = file->bytes.size() - std::min(file->synced, file->bytes.size());
      file->bytes.resize(file->bytes.size() - unsynced +
                         (unsynced == 0 ? 0 : random_.Uniform(unsynced + 1)));
      file->synced = file->bytes.size();
    }
  }
  /// What is below the folder has come to the disk by itself, as it does some time after it was written.
  void WriteBack(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, file] : names_) {
      if (!path.starts_with(folder + "/")) continue;
      file->synced = file->bytes.size();
      durable_names_[path] = file;
      for (std::string at = FolderOf(path); durable_folders_.emplace(at, true).second;)
        at = FolderOf(at);
    }
  }
  /// The bytes of a file, to look at or to damage; null when there is none.
  std::string* Bytes(const std::string& path) {
    const auto it = names_.find(path);
    return it == names_.end() ? nullptr : &it->second->bytes;
  }
  std::vector<std::string> paths() const {
    std::vector<std::string> found;
    for (const auto& [path, file] : names_) found.push_back(path);
    return found;
  }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    MILLRACE_RETURN_IF_ERROR(Ask("create", path));
    if (folders_.count(FolderOf(path)) == 0) return Status::NotFound("create '" + path + "'");
    if (names_.count(path) != 0) return Status::AlreadyExists("create '" + path + "'");
    auto file = std::make_shared<File>();
    names_[path] = file;
    return std::unique_ptr<WritableFile>(new Writer(this, std::move(file), path));
  }
  Result<std::unique_ptr<ReadableFile>> Open(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    MILLRACE_RETURN_IF_ERROR(Ask("open", path));
    const auto it = names_.find(path);
    if (it == names_.end()) return Status::NotFound("open '" + path + "': no such file");
    return std::unique_ptr<ReadableFile>(new Reader(this, it->second, path));
  }
  Status Rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    MILLRACE_RETURN_IF_ERROR(Ask("rename", from));
    const auto it = names_.find(from);
    if (it == names_.end()) return Status::NotFound("rename '" + from + "': no such file");
    if (folders_.count(FolderOf(to)) == 0)
      return Status::NotFound("rename '" + from + "' to '" + to + "': no such folder");
    const auto file = it->second;
    names_.erase(it);
    names_[to] = file;
    return Status::Ok();
  }
  Status Remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    MILLRACE_RETURN_IF_ERROR(Ask("remove", path));
    if (names_.erase(path) + folders_.erase(path) == 0)
      return Status::NotFound("remove '" + path + "': no such file");
    return Status::Ok();
  }
  Result<std::vector<FileEntry>> List(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    MILLRACE_RETURN_IF_ERROR(Ask("list", folder));
    if (folders_.count(folder) == 0) return Status::NotFound("list '" + folder + "'");
    std::map<std::string, FileEntry> entries;
    for (const auto& [path, file] : names_) {
      if (FolderOf(path) != folder) continue;
      const std::string name = path.substr(folder.size() + 1);
      entries[name] = {name, false, file->bytes.size()};
    }
    for (const auto& [path, unused] : folders_) {
      if (path.empty() || FolderOf(path) != folder) continue;
      const std::string name = path.substr(folder.empty() ? 0 : folder.size() + 1);
      entries[name] = {name, true, 0};
    }
    std::vector<FileEntry> list;
    for (auto& [name, entry] : entries) list.push_back(entry);
    return list;
  }
  Status MakeFolder(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    MILLRACE_RETURN_IF_ERROR(Ask("make folder", folder));
    for (std::string at = folder; folders_.emplace(at, true).second;) at = FolderOf(at);
    return Status::Ok();
  }
  Status SyncFolder(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    MILLRACE_RETURN_IF_ERROR(Ask("sync folder", folder));
    if (folders_.count(folder) == 0) return Status::NotFound("sync folder '" + folder + "'");
    MakeRenamesDurable(folder);
    std::erase_if(durable_names_,
                  [&](const auto& entry) { return FolderOf(entry.first) == folder; });
    for (const auto& [path, file] : names_) {
      if (FolderOf(path) == folder) durable_names_[path] = file;
    }
    std::erase_if(durable_folders_,
                  [&](const auto& entry) { return FolderOf(entry.first) == folder; });
    for (const auto& [path, there] : folders_) {
      if (FolderOf(path) == folder) durable_folders_[path] = there;
    }
    return Status::Ok();
  }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                         const std::string& owner) override {
    const std::lock_guard lock(mutex_);
    MILLRACE_RETURN_IF_ERROR(Ask("lock", path));
    const auto [at, fresh] = locks_->emplace(path, owner);
    if (!fresh) return Status::AlreadyExists("lock '" + path + "': " + at->second + " has it");
    return std::unique_ptr<FileLock>(new Held(locks_, path));
  }

 private:
  using Locks = std::map<std::string, std::string>;
  class Held final : public FileLock {
   public:
    Held(std::shared_ptr<Locks> locks, std::string path)
        : locks_(std::move(locks)), path_(std::move(path)) {}
    ~Held() override { locks_->erase(path_); }

   private:
    std::shared_ptr<Locks> locks_;
    std::string path_;
  };
  struct File;
  /// Of files that were in the folder at its last SyncFolder and are elsewhere now.
  void MakeRenamesDurable(const std::string& folder) {
    std::set<std::shared_ptr<File>> gone;
    for (const auto& [path, file] : durable_names_) {
      if (FolderOf(path) == folder && names_.count(path) == 0) gone.insert(file);
    }
    if (gone.empty()) return;
    for (const auto& [path, file] : names_) {
      if (gone.count(file) == 0) continue;
      durable_names_[path] = file;
      for (std::string at = FolderOf(path); durable_folders_.emplace(at, true).second;)
        at = FolderOf(at);
    }
  }
  struct File {
    std::string bytes;
    std::size_t synced = 0;
  };

  class Writer final : public WritableFile {
   public:
    Writer(MemoryFileSystem* files, std::shared_ptr<File> file, std::string path)
        : files_(files), file_(std::move(file)), path_(std::move(path)) {}
    Status Append(std::string_view bytes) override {
      const std::lock_guard lock(files_->mutex_);
      MILLRACE_RETURN_IF_ERROR(files_->Ask("write", path_));
      file_->bytes += bytes;
      return Status::Ok();
    }
    Status Sync() override {
      const std::lock_guard lock(files_->mutex_);
      MILLRACE_RETURN_IF_ERROR(files_->Ask("sync", path_));
      file_->synced = file_->bytes.size();
      return Status::Ok();
    }
    Status Close() override {
      const std::lock_guard lock(files_->mutex_);
      return files_->Ask("close", path_);
    }

   private:
    MemoryFileSystem* files_;
    std::shared_ptr<File> file_;
    std::string path_;
  };

  class Reader final : public ReadableFile {
   public:
    Reader(MemoryFileSystem* files, std::shared_ptr<File> file, std::string path)
        : files_(files), file_(std::move(file)), path_(std::move(path)) {}
    std::uint64_t size() const override { return file_->bytes.size(); }
    Status ReadAt(std::uint64_t offset, char* to, std::size_t bytes) const override {
      const std::lock_guard lock(files_->mutex_);
      MILLRACE_RETURN_IF_ERROR(files_->Ask("read", path_));
      if (offset > file_->bytes.size() || bytes > file_->bytes.size() - offset)
        return Status::DataLoss("read '" + path_ + "': the file ends before");
      file_->bytes.copy(to, bytes, offset);
      return Status::Ok();
    }

   private:
    MemoryFileSystem* files_;
    std::shared_ptr<File> file_;
    std::string path_;
  };

  Status Ask(const std::string& operation, const std::string& path) const {
    return fault_ ? fault_(operation, path) : Status::Ok();
  }
  static std::string FolderOf(const std::string& path) {
    const std::size_t at = path.rfind('/');
    return at == std::string::npos ? "" : path.substr(0, at);
  }

  std::mutex mutex_;
  Random random_;
  Fault fault_;
  std::map<std::string, bool> folders_;
  std::shared_ptr<Locks> locks_ = std::make_shared<Locks>();
  std::map<std::string, std::shared_ptr<File>> names_;
  std::map<std::string, std::shared_ptr<File>> durable_names_;
  std::map<std::string, bool> durable_folders_;
};

}  // namespace millrace
