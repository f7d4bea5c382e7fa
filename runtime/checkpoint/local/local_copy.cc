#include "runtime/checkpoint/local/local_copy.h"

#include <stdlib.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include "millrace/base/hash.h"
#include "millrace/base/log.h"
#include "runtime/checkpoint/local/doubled_file.h"

namespace millrace {
namespace {

constexpr std::string_view kCopiesFolder = "tasks";
constexpr std::string_view kCopySuffix = ".snapshot";

/// The same text for the same folder, however it is written.
std::string Canonical(const FileLocation& at) {
  std::string path = at.path;
  if (at.files == &LocalFileSystem()) {
    char* const real = realpath(path.c_str(), nullptr);
    if (real != nullptr) path = real;
    free(real);
  }
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

/// Below the folder of all copies, for the checkpoints in one folder.
std::string NameFor(const std::string& scheme, const FileLocation& checkpoints) {
  const std::string where = scheme + Canonical(checkpoints);
  char hash[17];
  std::snprintf(hash, sizeof(hash), "%016llx",
                static_cast<unsigned long long>(HashBytes(where.data(), where.size())));
  return "millrace-" + std::string(hash);
}

/// "SCHEME://", or "" of the local file system.
std::string SchemeUnlessLocal(const std::string& location, const FileLocation& at) {
  if (at.files == &LocalFileSystem()) return "";
  return location.substr(0, location.find("://") + 3);
}

/// The checkpoint of a snapshot file's name, RUN-v0-s1-c17.snapshot or RUN-v0-s1-c17-pack.snapshot.
std::optional<std::int64_t> CheckpointOf(std::string_view name) {
  if (!name.ends_with(kCopySuffix)) return std::nullopt;
  const std::size_t at = name.rfind("-c");
  if (at == std::string_view::npos) return std::nullopt;
  std::int64_t id = 0;
  const auto read = std::from_chars(name.data() + at + 2, name.data() + name.size(), id);
  return read.ec == std::errc() ? std::optional(id) : std::nullopt;
}

/// Whoever has asked for the folder has to change something.
bool IsMistake(StatusCode code) {
  return code == StatusCode::kNotFound || code == StatusCode::kPermissionDenied ||
         code == StatusCode::kInvalidArgument;
}

Status OptionTrouble(const Status& why) {
  return {IsMistake(why.code()) ? StatusCode::kInvalidArgument : why.code(),
          "option -D checkpoint.local-copy: " + why.message()};
}

}  // namespace

Result<std::unique_ptr<LocalCopy>> LocalCopy::Open(const std::string& dir,
                                                   const std::string& checkpoint_dir,
                                                   const std::string& owner) {
  const auto here = LocateFiles(dir);
  if (!here.ok()) return OptionTrouble(here.status());
  const auto there = LocateFiles(checkpoint_dir);
  if (!there.ok()) return there.status();
  if (here.value().files == there.value().files &&
      Canonical(here.value()) == Canonical(there.value())) {
    return Status::InvalidArgument("option -D checkpoint.local-copy: '" + dir +
                                   "' is the checkpoint folder itself");
  }
  const std::string name = NameFor(SchemeUnlessLocal(checkpoint_dir, there.value()), there.value());
  std::unique_ptr<LocalCopy> copy(
      new LocalCopy(here.value().files, JoinPath(here.value().path, name), JoinPath(dir, name)));
  Status made = copy->files_->MakeFolder(here.value().path);
  if (made.ok()) made = copy->files_->MakeFolder(copy->PathOf(std::string(kCopiesFolder)));
  if (!made.ok()) return OptionTrouble(made);
  // The checkpoint folder is the job's alone already. But one of another machine, or of another mount, may be called the same.
  auto lock = copy->files_->Lock(copy->PathOf("lock"), owner);
  if (!lock.ok()) return OptionTrouble(lock.status());
  copy->lock_ = std::move(lock).value();
  return copy;
}

Result<std::unique_ptr<LocalCopy>> LocalCopy::OpenedElsewhere(const std::string& location) {
  const auto where = LocateFiles(location);
  if (!where.ok()) return where.status();
  return std::unique_ptr<LocalCopy>(
      new LocalCopy(where.value().files, where.value().path, location));
}

std::unique_ptr<WritableFile> LocalCopy::Doubled(std::unique_ptr<WritableFile> file,
                                                 const std::string& name) {
  const std::string path = PathOf(name);
  // What is there under this name is of nobody: a run's name is its own.
  auto copy = files_->CreateLarge(path);
  if (copy.status().code() == StatusCode::kAlreadyExists && files_->Remove(path).ok())
    copy = files_->CreateLarge(path);
  if (!copy.ok()) {
    OnTrouble(copy.status());
    return file;
  }
  return std::make_unique<DoubledFile>(std::move(file), std::move(copy).value(), path, this);
}

void LocalCopy::RemoveUnneeded(const std::set<std::string>& needed, std::int64_t through) {
  const std::string folder = PathOf(std::string(kCopiesFolder));
  const auto entries = files_->List(folder);
  if (!entries.ok()) return OnTrouble(entries.status());
  for (const FileEntry& entry : entries.value()) {
    const auto checkpoint = CheckpointOf(entry.name);
    if (entry.folder || !checkpoint.has_value() || *checkpoint > through) continue;
    if (needed.count(JoinPath(kCopiesFolder, entry.name)) != 0) continue;
    const Status removed = files_->Remove(JoinPath(folder, entry.name));
    if (!removed.ok() && removed.code() != StatusCode::kNotFound) OnTrouble(removed);
  }
}

void LocalCopy::MakeFolder() {
  const Status made = files_->MakeFolder(PathOf(std::string(kCopiesFolder)));
  if (!made.ok()) OnTrouble(made);
}

void LocalCopy::OnTrouble(const Status& why) {
  if (told_.exchange(true)) return;
  Log(kWarn, "the local copy of the checkpoints is not complete: ", why.message(),
      "; what is not in it is restored from the checkpoint folder (said once)");
}

}  // namespace millrace
