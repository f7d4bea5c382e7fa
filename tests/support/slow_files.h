#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/storage/file_system.h"
#include "tests/support/memory_file_system.h"

namespace millrace {

/// Files whose Sync asks the test first.
class SlowFiles final : public FileSystem {
 public:
  std::function<void(const std::string& path)> before_sync = [](const std::string&) {};

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    auto file = files_.Create(path);
    if (!file.ok()) return file.status();
    return std::unique_ptr<WritableFile>(new Slow(this, std::move(file).value(), path));
  }
  Result<std::unique_ptr<ReadableFile>> Open(const std::string& path) override {
    return files_.Open(path);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return files_.Rename(from, to);
  }
  Status Remove(const std::string& path) override { return files_.Remove(path); }
  Result<std::vector<FileEntry>> List(const std::string& folder) override {
    return files_.List(folder);
  }
  Status MakeFolder(const std::string& folder) override { return files_.MakeFolder(folder); }
  Status SyncFolder(const std::string& folder) override { return files_.SyncFolder(folder); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                         const std::string& owner) override {
    return files_.Lock(path, owner);
  }

 private:
  class Slow final : public WritableFile {
   public:
    Slow(SlowFiles* files, std::unique_ptr<WritableFile> file, std::string path)
        : files_(files), file_(std::move(file)), path_(std::move(path)) {}
    Status Append(std::string_view bytes) override { return file_->Append(bytes); }
    Status Sync() override {
      files_->before_sync(path_);
      return file_->Sync();
    }
    Status Close() override { return file_->Close(); }

   private:
    SlowFiles* files_;
    std::unique_ptr<WritableFile> file_;
    std::string path_;
  };
  MemoryFileSystem files_;
};

}  // namespace millrace
