#include "connectors/file/commit_files.h"

#include <optional>

#include "millrace/base/log.h"
#include "src/base/fail_point.h"

namespace millrace {
namespace {

/// None when there is no such file.
Result<std::optional<std::uint64_t>> BytesOf(FileSystem& files, const std::string& path) {
  const auto file = files.Open(path);
  if (file.ok()) return std::optional(file.value()->size());
  if (file.status().code() == StatusCode::kNotFound) return std::optional<std::uint64_t>();
  return file.status();
}

Status WrongSize(const std::string& path, std::uint64_t bytes, std::uint64_t expected) {
  return Status::DataLoss("'" + path + "' has " + std::to_string(bytes) + " bytes, " +
                          std::to_string(expected) + " were written");
}

}  // namespace

Status CommitFiles::Name(const FileCommittable& file) {
  const auto where = LocateFiles(file.folder);
  if (!where.ok()) return where.status();
  FileSystem& files = *where.value().files;
  const std::string& folder = where.value().path;
  const std::string target = file.bucket.empty() ? folder : JoinPath(folder, file.bucket);
  const std::string from = JoinPath(folder, file.pending);
  const std::string to = JoinPath(target, file.finished);

  named_.insert({&files, target});
  emptied_.insert({&files, folder});
  const auto pending = BytesOf(files, from);
  if (!pending.ok()) return pending.status();
  if (replaces_) {
    if (!pending.value().has_value()) return Status::NotFound("'" + from + "' is gone");
    return files.Rename(from, to);  // over that of an earlier run
  }
  const auto finished = BytesOf(files, to);
  if (!finished.ok()) return finished.status();
  if (finished.value().has_value() && *finished.value() != file.bytes)
    return WrongSize(to, *finished.value(), file.bytes);
  if (!pending.value().has_value()) {
    if (!finished.value().has_value()) {
      MILLRACE_RETURN_IF_ERROR(files.List(folder).status());
      // Its reader may have taken it away since a first commit. It was durable before any checkpoint had it.
      Log(kWarn, "output file '", to, "' is neither pending nor finished: it counts as committed");
    }
    return Status::Ok();
  }
  if (*pending.value() != file.bytes) return WrongSize(from, *pending.value(), file.bytes);
  // When both are there a first commit was cut off between its two folders.
  return Rename(files, from, to, target);
}

Status CommitFiles::Rename(FileSystem& files, const std::string& from, const std::string& to,
                           const std::string& folder) const {
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kFileSinkRename));
  const Status renamed = files.Rename(from, to);
  if (renamed.code() != StatusCode::kNotFound) return renamed;
  MILLRACE_RETURN_IF_ERROR(durable_ ? MakeDurableFolder(files, folder) : files.MakeFolder(folder));
  return files.Rename(from, to);
}

Status CommitFiles::Sync() {
  if (!durable_) return Status::Ok();
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kFileSinkSync));
  // A file has two names rather than none: they are the same bytes.
  for (const auto* places : {&named_, &emptied_}) {
    for (const Place& place : *places) {
      const Status synced = place.files->SyncFolder(place.folder);
      // A bucket whose reader has taken it away.
      if (!synced.ok() && synced.code() != StatusCode::kNotFound) return synced;
    }
  }
  return Status::Ok();
}

}  // namespace millrace
