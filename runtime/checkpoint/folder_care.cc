#include "runtime/checkpoint/folder_care.h"

#include <set>
#include <string_view>

#include "runtime/checkpoint/checkpoint_folder.h"

namespace millrace {
namespace {

constexpr std::string_view kUnfinished = ".manifest.unfinished";
constexpr std::string_view kTasks = "tasks";

/// Adds what the manifest names; the sum of its bytes.
std::uint64_t AddNames(const Manifest& manifest, std::set<std::string>* names) {
  std::uint64_t bytes = 0;
  for (const Manifest::Vertex& vertex : manifest.vertices) {
    for (const Manifest::Chain& chain : vertex.tasks) {
      for (const Manifest::File& file : chain) {
        names->insert(file.name);
        bytes += file.bytes;
      }
    }
  }
  return bytes;
}

Result<std::vector<std::string>> Orphans(FileSystem& files, const std::string& folder,
                                         const std::set<std::string>& named) {
  std::vector<std::string> orphans;
  const auto top = files.List(folder);
  if (!top.ok()) return top.status();
  for (const FileEntry& entry : top.value()) {
    if (!entry.folder && entry.name.ends_with(kUnfinished)) orphans.push_back(entry.name);
  }
  const auto tasks = files.List(JoinPath(folder, kTasks));
  if (!tasks.ok() && tasks.status().code() == StatusCode::kNotFound) return orphans;
  if (!tasks.ok()) return tasks.status();
  for (const FileEntry& entry : tasks.value()) {
    const std::string name = JoinPath(kTasks, entry.name);
    if (!entry.folder && entry.name.ends_with(".snapshot") && named.count(name) == 0)
      orphans.push_back(name);
  }
  return orphans;
}

}  // namespace

Result<FolderReport> ScrubCheckpoints(FileSystem& files, const std::string& folder) {
  const auto manifests = ListManifests(files, folder);
  if (!manifests.ok()) return manifests.status();
  FolderReport report;
  std::set<std::string> named, whole;
  for (const auto& [id, path] : manifests.value()) {
    FolderReport::Checkpoint& found = report.checkpoints.emplace_back();
    found.id = id;
    const auto manifest = ReadManifest(files, path);
    found.status = manifest.status();
    if (!manifest.ok()) continue;
    found.job = manifest.value().job;
    found.ended_millis = manifest.value().ended_millis;
    found.bytes = AddNames(manifest.value(), &named);
    found.status = VerifyCheckpoint(files, folder, manifest.value(), &whole);
  }
  auto orphans = Orphans(files, folder, named);
  if (!orphans.ok()) return orphans.status();
  report.orphans = std::move(orphans).value();
  return report;
}

Result<std::vector<std::string>> RemoveOrphans(FileSystem& files, const std::string& folder) {
  const auto manifests = ListManifests(files, folder);
  if (!manifests.ok()) return manifests.status();
  const auto lock = files.Lock(JoinPath(folder, "lock"), "a clean-up");
  if (!lock.ok()) return lock.status();
  std::set<std::string> named;
  // Listed again: now nobody else changes it.
  const auto locked = ListManifests(files, folder);
  if (!locked.ok()) return locked.status();
  for (const auto& [id, path] : locked.value()) {
    const auto manifest = ReadManifest(files, path);
    if (!manifest.ok()) {
      return Status::DataLoss(
          "clean up '" + folder + "': " + manifest.status().message() +
          "; which files it needs is not known, so nothing is removed (move the manifest away "
          "to give this checkpoint up)");
    }
    AddNames(manifest.value(), &named);
  }
  auto orphans = Orphans(files, folder, named);
  if (!orphans.ok()) return orphans.status();
  for (const std::string& name : orphans.value())
    MILLRACE_RETURN_IF_ERROR(files.Remove(JoinPath(folder, name)));
  return orphans;
}

}  // namespace millrace
