#include "runtime/checkpoint/checkpoint_store.h"

#include <algorithm>
#include <utility>

#include "millrace/base/log.h"
#include "millrace/storage/block_file.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "src/base/fail_point.h"

namespace millrace {
namespace {

template <class Visit>
void ForEachFile(const Manifest& manifest, Visit visit) {
  for (const Manifest::Vertex& vertex : manifest.vertices) {
    for (const Manifest::Chain& chain : vertex.tasks) {
      for (const Manifest::File& file : chain) visit(file.name);
    }
  }
}

}  // namespace

Result<std::unique_ptr<CheckpointStore>> CheckpointStore::Open(FileSystem* files,
                                                               std::string folder,
                                                               const std::string& owner) {
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kStoreOpen));
  std::unique_ptr<CheckpointStore> store(new CheckpointStore(files, std::move(folder)));
  MILLRACE_RETURN_IF_ERROR(MakeDurableFolder(*files, JoinPath(store->folder_, "tasks")));
  auto lock = files->Lock(JoinPath(store->folder_, "lock"), owner);
  if (!lock.ok()) return lock.status();
  store->lock_ = std::move(lock).value();
  // What is found there may not be durable yet: whoever wrote it died. From now on it is relied on.
  MILLRACE_RETURN_IF_ERROR(files->SyncFolder(store->folder_));
  auto manifests = ListManifests(*files, store->folder_);
  if (!manifests.ok()) return manifests.status();
  for (const auto& [id, path] : manifests.value()) {
    auto manifest = ReadManifest(*files, path);
    if (!manifest.ok()) Log(kWarn, manifest.status().message(), "; it is left alone");
    store->manifests_[id] =
        manifest.ok() ? std::optional(std::move(manifest).value()) : std::nullopt;
  }
  return store;
}

void CheckpointStore::Adopt(const std::string& job_id) {
  for (const auto& [id, manifest] : manifests_) {
    if (manifest.has_value() && manifest->job_id == job_id) own_.insert(id);
  }
}

Result<std::unique_ptr<WritableFile>> CheckpointStore::CreateSnapshot(const std::string& name) {
  auto file = files_->CreateLarge(JoinPath(folder_, name));
  if (!file.ok() || local_ == nullptr) return file;
  return local_->Doubled(std::move(file).value(), name);
}

void CheckpointStore::CleanLocalCopy() {
  if (local_ == nullptr) return;
  local_->MakeFolder();
  local_->RemoveUnneeded(Needed(), INT64_MAX);
}

Status CheckpointStore::Write(const Manifest& manifest) {
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kManifestBegin));
  MILLRACE_RETURN_IF_ERROR(Settle());
  // The names of the snapshot files first: from the rename on they are relied on.
  MILLRACE_RETURN_IF_ERROR(files_->SyncFolder(JoinPath(folder_, "tasks")));
  const std::string path = ManifestPath(folder_, manifest.id);
  const std::string unfinished = path + ".unfinished";
  if (const Status removed = files_->Remove(unfinished);
      !removed.ok() && removed.code() != StatusCode::kNotFound)
    return removed;
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kManifestCreate));
  auto file = files_->Create(unfinished);
  if (!file.ok()) return file.status();
  BlockFileWriter writer(std::move(file).value(), unfinished);
  MILLRACE_RETURN_IF_ERROR(writer.Add(kManifestBlock, manifest.Encoded()));
  MILLRACE_RETURN_IF_ERROR(writer.Finish());
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kManifestRename));
  unsure_ = manifest;  // from here on, whatever the calls say
  MILLRACE_RETURN_IF_ERROR(files_->Rename(unfinished, path));
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kManifestSync));
  MILLRACE_RETURN_IF_ERROR(files_->SyncFolder(folder_));
  Keep(manifest);
  unsure_.reset();
  return Status::Ok();
}

Status CheckpointStore::Settle() {
  if (!unsure_.has_value()) return Status::Ok();
  MILLRACE_RETURN_IF_ERROR(files_->SyncFolder(folder_));
  const Status there = files_->Open(ManifestPath(folder_, unsure_->id)).status();
  if (!there.ok() && there.code() != StatusCode::kNotFound) return there;
  if (there.ok()) Keep(*unsure_);
  unsure_.reset();
  return Status::Ok();
}

void CheckpointStore::Keep(const Manifest& manifest) {
  manifests_[manifest.id] = manifest;
  own_.insert(manifest.id);
  written_ = manifest.id;
}

std::set<std::string> CheckpointStore::Needed() const {
  std::set<std::string> needed;
  for (const auto& [id, manifest] : manifests_) {
    if (manifest.has_value())
      ForEachFile(*manifest, [&](const std::string& name) { needed.insert(name); });
  }
  return needed;
}

void CheckpointStore::Retain(std::size_t count) {
  RemoveOld(count);
  // Files of older checkpoints that the newest does not name no later one will; those of younger ones are being written.
  if (local_ != nullptr) local_->RemoveUnneeded(Needed(), written_);
}

void CheckpointStore::RemoveOld(std::size_t count) {
  std::set<std::string> gone;
  while (own_.size() > count) {
    const std::int64_t oldest = *own_.begin();
    // The manifest first: one that names files which are not there would be taken for a whole one.
    DieAtFailPoint(FailPoint::kRetainManifest);
    const Status removed = files_->Remove(ManifestPath(folder_, oldest));
    if (!removed.ok() && removed.code() != StatusCode::kNotFound) {
      Log(kWarn, removed.message());
      break;
    }
    ForEachFile(*manifests_[oldest], [&](const std::string& name) { gone.insert(name); });
    manifests_.erase(oldest);
    own_.erase(own_.begin());
  }
  // What a manifest needs that can't be read nobody knows.
  const bool all_known = std::all_of(manifests_.begin(), manifests_.end(),
                                     [](const auto& m) { return m.second.has_value(); });
  if (gone.empty() || !all_known) return;
  const std::set<std::string> needed = Needed();
  for (const std::string& name : gone) {
    if (needed.count(name) != 0) continue;
    DieAtFailPoint(FailPoint::kRetainFile);
    const Status removed = files_->Remove(JoinPath(folder_, name));
    if (!removed.ok() && removed.code() != StatusCode::kNotFound) Log(kWarn, removed.message());
  }
}

}  // namespace millrace
