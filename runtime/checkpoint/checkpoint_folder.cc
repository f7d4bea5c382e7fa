#include "runtime/checkpoint/checkpoint_folder.h"

#include <charconv>
#include <optional>
#include <set>
#include <vector>

#include "millrace/base/time.h"
#include "millrace/storage/block_file.h"
#include "runtime/checkpoint/pack/snapshot_pack.h"

namespace millrace {
namespace {

constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kSuffix = ".manifest";

std::optional<std::int64_t> IdOf(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size() || id <= 0) return std::nullopt;
  return id;
}

Status Stopped(const BlockFileReader& reader) {
  return Status::Cancelled("read '" + reader.path() + "': it was stopped");
}

Status ReadAll(const BlockFileReader& reader, const std::function<bool()>& stopped) {
  std::string bytes;
  for (const BlockEntry& block : reader.blocks()) {
    if (stopped && stopped()) return Stopped(reader);
    MILLRACE_RETURN_IF_ERROR(reader.Read(block, &bytes));
  }
  return Status::Ok();
}

/// What a manifest has in one file: the parts of several tasks, or all of it.
struct Named {
  const Manifest::File* file;
  int subtask;
};
std::map<std::string, std::vector<Named>> ByFile(const Manifest& manifest) {
  std::map<std::string, std::vector<Named>> files;
  for (const Manifest::Vertex& vertex : manifest.vertices) {
    for (std::size_t i = 0; i < vertex.tasks.size(); ++i) {
      for (const Manifest::File& file : vertex.tasks[i])
        files[file.name].push_back({&file, static_cast<int>(i)});
    }
  }
  return files;
}

}  // namespace

std::string ManifestPath(const std::string& folder, std::int64_t id) {
  return JoinPath(folder, std::string(kPrefix) + std::to_string(id) + std::string(kSuffix));
}

Result<std::map<std::int64_t, std::string>> ListManifests(FileSystem& files,
                                                          const std::string& folder) {
  auto entries = files.List(folder);
  if (!entries.ok()) return entries.status();
  std::map<std::int64_t, std::string> manifests;
  for (const FileEntry& entry : entries.value()) {
    if (const auto id = IdOf(entry.name); id.has_value() && !entry.folder)
      manifests[*id] = JoinPath(folder, entry.name);
  }
  return manifests;
}

Result<Manifest> ReadManifest(FileSystem& files, const std::string& path) {
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

Status VerifyCheckpoint(FileSystem& files, const std::string& folder, const Manifest& manifest,
                        std::set<std::string>* whole, const std::function<bool()>& stopped) {
  for (const auto& [name, parts] : ByFile(manifest)) {
    const bool is_pack = parts.front().file->offset != 0;
    if (!is_pack && parts.size() == 1 && whole->count(name) > 0) continue;
    auto reader = BlockFileReader::Open(files, JoinPath(folder, name));
    if (!reader.ok()) return reader.status();
    if (stopped && stopped()) return Stopped(reader.value());
    for (const Named& part : parts)
      MILLRACE_RETURN_IF_ERROR(FindPart(reader.value(), *part.file, part.subtask).status());
    if (whole->count(name) > 0) continue;
    MILLRACE_RETURN_IF_ERROR(ReadAll(reader.value(), stopped));
    whole->insert(name);
  }
  return Status::Ok();
}

std::string OtherCheckpoints(FileSystem& files, const std::string& folder, std::int64_t but) {
  constexpr std::size_t kMost = 5;  // each is read whole
  const auto manifests = ListManifests(files, folder);
  if (!manifests.ok()) return "";
  std::string found, newest;
  std::size_t looked_at = 0;
  std::set<std::string> whole;
  for (auto at = manifests.value().rbegin(); at != manifests.value().rend(); ++at) {
    if (at->first == but) continue;
    if (++looked_at > kMost) break;
    const auto manifest = ReadManifest(files, at->second);
    if (!manifest.ok() || !VerifyCheckpoint(files, folder, manifest.value(), &whole).ok()) continue;
    found += (found.empty() ? "" : ", ") + std::to_string(at->first) + " (" +
             EventTime::FromMillis(manifest.value().ended_millis).ToString() + ")";
    if (newest.empty()) newest = at->second;
  }
  if (found.empty()) return "; no other checkpoint in '" + folder + "' is whole";
  return "; nothing was restored or changed. Whole are: " + found +
         ". To go on from one, name it: --restore=" + newest +
         "; what the job has put out since that checkpoint is put out again";
}

}  // namespace millrace
