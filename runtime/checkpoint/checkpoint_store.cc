#include "runtime/checkpoint/checkpoint_store.h"

#include <charconv>
#include <set>
#include <utility>

#include "millrace/base/log.h"
#include "millrace/storage/block_file.h"

namespace millrace {
namespace {

constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kSuffix = ".manifest";
constexpr std::uint16_t kManifestBlock = 1;

std::optional<std::int64_t> IdOf(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size() || id <= 0) return std::nullopt;
  return id;
}

}  // namespace

Result<CheckpointStore> CheckpointStore::Open(FileSystem* files, std::string folder) {
  CheckpointStore store(files, std::move(folder));
  MILLRACE_RETURN_IF_ERROR(files->MakeFolder(JoinPath(store.folder_, "tasks")));
  auto entries = files->List(store.folder_);
  if (!entries.ok()) return entries.status();
  for (const FileEntry& entry : entries.value()) {
    if (const auto id = IdOf(entry.name); id.has_value() && !entry.folder)
      store.manifests_[*id] = JoinPath(store.folder_, entry.name);
  }
  return store;
}

Result<Manifest> CheckpointStore::Read(std::int64_t id) const {
  const auto at = manifests_.find(id);
  if (at == manifests_.end()) {
    return Status::NotFound("read checkpoint " + std::to_string(id) + " in '" + folder_ +
                            "': there is no such manifest");
  }
  return ReadFile(*files_, at->second);
}

Result<Manifest> CheckpointStore::ReadFile(FileSystem& files, const std::string& path) {
  auto reader = BlockFileReader::Open(files, path);
  if (!reader.ok()) return reader.status();
  std::string bytes;
  for (const BlockEntry& block : reader.value().blocks()) {
    if (block.kind != kManifestBlock) continue;
    MILLRACE_RETURN_IF_ERROR(reader.value().Read(block, &bytes));
    return Manifest::Decode(bytes, path);
  }
  return Status::InvalidArgument("read checkpoint manifest '" + path +
                                 "': it is a block file, but no manifest");
}

Status CheckpointStore::Write(const Manifest& manifest) {
  // The names of the snapshot files first: from the rename on they are relied on.
  MILLRACE_RETURN_IF_ERROR(files_->SyncFolder(JoinPath(folder_, "tasks")));
  const std::string path =
      JoinPath(folder_, std::string(kPrefix) + std::to_string(manifest.id) + std::string(kSuffix));
  const std::string unfinished = path + ".unfinished";
  if (const Status removed = files_->Remove(unfinished);
      !removed.ok() && removed.code() != StatusCode::kNotFound)
    return removed;
  auto file = files_->Create(unfinished);
  if (!file.ok()) return file.status();
  BlockFileWriter writer(std::move(file).value(), unfinished);
  MILLRACE_RETURN_IF_ERROR(writer.Add(kManifestBlock, manifest.Encoded()));
  MILLRACE_RETURN_IF_ERROR(writer.Finish());
  MILLRACE_RETURN_IF_ERROR(files_->Rename(unfinished, path));
  MILLRACE_RETURN_IF_ERROR(files_->SyncFolder(folder_));
  manifests_[manifest.id] = path;
  known_[manifest.id] = manifest;
  return Status::Ok();
}

void CheckpointStore::Retain(std::size_t count) {
  std::set<std::string> needed;
  std::size_t kept = 0;
  for (auto at = known_.rbegin(); at != known_.rend() && kept < count; ++at, ++kept) {
    for (const Manifest::Vertex& vertex : at->second.vertices) {
      for (const Manifest::Chain& chain : vertex.tasks) {
        for (const Manifest::File& file : chain) needed.insert(file.name);
      }
    }
  }
  std::set<std::string> gone;
  while (known_.size() > count) {
    const auto oldest = known_.begin();
    // The manifest first: one that names files which are not there would be taken for a whole one.
    const Status removed = files_->Remove(manifests_[oldest->first]);
    if (!removed.ok() && removed.code() != StatusCode::kNotFound) {
      Log(kWarn, removed.message());
      return;
    }
    for (const Manifest::Vertex& vertex : oldest->second.vertices) {
      for (const Manifest::Chain& chain : vertex.tasks) {
        for (const Manifest::File& file : chain) {
          if (needed.count(file.name) == 0) gone.insert(file.name);
        }
      }
    }
    manifests_.erase(oldest->first);
    known_.erase(oldest);
  }
  for (const std::string& name : gone) {
    const Status removed = files_->Remove(JoinPath(folder_, name));
    if (!removed.ok() && removed.code() != StatusCode::kNotFound) Log(kWarn, removed.message());
  }
}

}  // namespace millrace
