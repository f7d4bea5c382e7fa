#include "runtime/checkpoint/restore/job_recovery.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "millrace/base/log.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/restore/restore_check.h"

namespace millrace {
namespace {

std::string WithoutSlash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

/// "SCHEME://" of what a user has written, or "".
std::string SchemeOf(const std::string& location) {
  const std::size_t at = location.find("://");
  return at == std::string::npos ? "" : location.substr(0, at + 3);
}

/// The id of a manifest's path within its folder; 0: it is no path of a manifest.
std::int64_t IdOfPath(FileSystem& files, const std::string& folder, const std::string& path) {
  const auto manifests = ListManifests(files, folder);
  if (!manifests.ok()) return 0;
  for (const auto& [id, found] : manifests.value()) {
    if (found == path) return id;
  }
  return 0;
}

void SayFrom(std::int64_t checkpoint, const RestoredFrom& from) {
  const std::uint64_t local = from.local;
  Log(kInfo, "checkpoint ", checkpoint, " is restored, ", local, " of its ", local + from.storage,
      " files from the local copy");
}

}  // namespace

Result<std::unique_ptr<JobRecovery>> JobRecovery::Open(const CheckpointSettings& settings,
                                                       std::string run, const JobPlan* plan,
                                                       const Clock* clock) {
  std::unique_ptr<JobRecovery> recovery(new JobRecovery(settings, std::move(run), plan, clock));
  recovery->history_.kept = settings.history;
  MILLRACE_RETURN_IF_ERROR(recovery->OpenFolder());
  if (!settings.local_copy.empty()) MILLRACE_RETURN_IF_ERROR(recovery->OpenLocalCopy());
  if (!settings.restore.empty()) MILLRACE_RETURN_IF_ERROR(recovery->FindRestore());
  if (settings.scrub_nanos > 0) {
    CheckpointStore& store = *recovery->store_;
    recovery->scrubber_.emplace(&store.files(), store.folder(), settings.scrub_nanos);
  }
  return recovery;
}

Status JobRecovery::OpenFolder() {
  const auto where = LocateFiles(settings_.dir);
  if (!where.ok()) return where.status();
  const std::string folder = WithoutSlash(where.value().path);
  auto store =
      CheckpointStore::Open(where.value().files, folder,
                            "job '" + plan_->job_name + "', process " + std::to_string(getpid()));
  if (!store.ok()) {
    if (store.status().code() != StatusCode::kAlreadyExists) return store.status();
    return {StatusCode::kAlreadyExists, "checkpoint folder '" + folder +
                                            "': " + store.status().message() +
                                            "; each job needs a folder of its own"};
  }
  store_ = std::move(store).value();
  for (const auto& [id, manifest] : store_->manifests()) {
    if (!manifest.has_value() || manifest->job == plan_->job_name) continue;
    return Status::InvalidArgument("checkpoint folder '" + folder + "' has checkpoints of job '" +
                                   manifest->job + "': give job '" + plan_->job_name +
                                   "' a folder of its own");
  }
  job_id_ = run_;
  if (settings_.restore.empty() && store_->newest() > 0) {
    Log(kWarn, "the job starts anew; the checkpoints that '", folder,
        "' has of earlier runs (the newest is ", store_->newest(),
        ") are left alone: --restore=", folder, " goes on from there");
  }
  return Status::Ok();
}

Status JobRecovery::OpenLocalCopy() {
  auto local =
      LocalCopy::Open(settings_.local_copy, settings_.dir,
                      "job '" + plan_->job_name + "', process " + std::to_string(getpid()));
  if (local.ok()) {
    store_->SetLocalCopy(std::move(local).value());
    return Status::Ok();
  }
  if (local.status().code() == StatusCode::kInvalidArgument) return local.status();
  Log(kWarn, local.status().message(), "; this run has no local copy of its checkpoints");
  return Status::Ok();
}

std::string JobRecovery::local_copy() const {
  const LocalCopy* const local = store_->local_copy();
  return local == nullptr ? "" : local->location();
}

CheckpointHistory JobRecovery::history() const {
  CheckpointHistory history = history_;
  if (from_ == nullptr) return history;
  history.local_files = from_->local;
  history.storage_files = from_->storage;
  return history;
}

Status JobRecovery::FindRestore() {
  const std::string what = "restore from '" + settings_.restore + "': ";
  const auto where = LocateFiles(settings_.restore);
  if (!where.ok()) return where.status();
  FileSystem& files = *where.value().files;
  const std::string path = WithoutSlash(where.value().path);
  Point point{&files, path, 0, "", false};
  if (const auto manifests = ListManifests(files, path); manifests.ok()) {
    if (manifests.value().empty())
      return Status::NotFound(what + "there is no complete checkpoint in this folder");
    point.id = manifests.value().rbegin()->first;
  } else {
    const std::size_t slash = path.rfind('/');
    point.folder = slash == std::string::npos ? "." : path.substr(0, slash);
    point.id =
        IdOfPath(files, point.folder, slash == std::string::npos ? JoinPath(".", path) : path);
    if (point.id == 0) {
      return Status::NotFound(
          what + "it is neither a checkpoint folder nor a manifest, checkpoint-NUMBER.manifest");
    }
  }
  point.in_place = &files == &store_->files() && point.folder == store_->folder();
  point.manifest = SchemeOf(settings_.restore) + ManifestPath(point.folder, point.id);
  point_ = std::move(point);
  if (!point_->in_place)
    MILLRACE_RETURN_IF_ERROR(files.SyncFolder(point_->folder));  // as the store does
  auto restore = OpenPoint();
  if (!restore.ok()) return {restore.status().code(), restore.status().message() + OtherChoices()};
  MILLRACE_RETURN_IF_ERROR(CheckRestore(*restore.value(), *plan_, settings_.allow_dropped_state));
  if (point_->in_place && !restore.value()->manifest().job_id.empty()) {
    job_id_ = restore.value()->manifest().job_id;
    store_->Adopt(job_id_);
  }
  return Status::Ok();
}

Result<std::unique_ptr<CheckpointRestore>> JobRecovery::OpenPoint() const {
  auto manifest = ReadManifest(*point_->files, ManifestPath(point_->folder, point_->id));
  if (!manifest.ok()) return manifest.status();
  // What lies in another folder has its local copy, if any, in that folder's name.
  return CheckpointRestore::Open(*point_->files, point_->folder, std::move(manifest).value(),
                                 point_->in_place ? store_->local_copy() : nullptr);
}

std::string JobRecovery::OtherChoices() const {
  return point_.has_value() ? OtherCheckpoints(*point_->files, point_->folder, point_->id) : "";
}

Status JobRecovery::FindNewest() {
  MILLRACE_RETURN_IF_ERROR(store_->Settle());
  if (store_->written() > 0)
    point_ =
        Point{&store_->files(), store_->folder(), store_->written(),
              SchemeOf(settings_.dir) + ManifestPath(store_->folder(), store_->written()), true};
  return Status::Ok();
}

Result<RestorePoint> JobRecovery::NextPoint() {
  RestorePoint point;
  if (!point_.has_value()) return point;
  auto restore = OpenPoint();
  if (!restore.ok())
    return Status(restore.status().code(), restore.status().message() + OtherChoices());
  point.restore = std::move(restore).value();
  point.in_place = point_->in_place;
  from_ = point.restore->from();
  if (store_->local_copy() != nullptr) SayFrom(point_->id, *from_);
  return point;
}

std::string JobRecovery::NextRun() {
  const int attempt = attempts_++;
  return attempt == 0 ? run_ : run_ + "-" + std::to_string(attempt);
}

Result<RestorePoint> JobRecovery::NextOfRegion(std::string* run) {
  MILLRACE_RETURN_IF_ERROR(FindNewest());
  *run = NextRun();
  return NextPoint();
}

Result<std::unique_ptr<JobCheckpoints>> JobRecovery::NextAttempt() {
  MILLRACE_RETURN_IF_ERROR(FindNewest());
  store_->CleanLocalCopy();
  JobCheckpoints::Begin begin;
  begin.settings = settings_;
  begin.plan = plan_;
  begin.store = store_.get();
  begin.clock = clock_;
  begin.history = &history_;
  begin.run = NextRun();
  begin.job_id = job_id_;
  // Ids only rise, also behind an older one that was chosen: of two files of a task the one with the higher id is newer.
  begin.first = std::max(store_->newest(), point_.has_value() ? point_->id : 0) + 1;
  auto point = NextPoint();
  if (!point.ok()) return point.status();
  begin.point = std::move(point).value();
  if (point_.has_value()) begin.manifest = point_->manifest;
  return std::make_unique<JobCheckpoints>(std::move(begin));
}

}  // namespace millrace
