#include "runtime/checkpoint/restore/checkpoint_restore.h"

#include <algorithm>
#include <utility>

#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/restore/block_read_ahead.h"
#include "runtime/checkpoint/snapshot_uploads.h"
#include "src/base/fail_point.h"

namespace millrace {
namespace {

/// Reads the blocks of one operator from the files of some tasks.
class FileRestore final : public OperatorRestore {
 public:
  struct Chain {
    std::vector<SnapshotPart> files;
    std::int64_t oldest = 0;
  };
  /// `newest`: the last file of every subtask.
  FileRestore(std::size_t op, std::vector<Chain> chains, std::vector<SnapshotPart> newest,
              bool same_subtask)
      : op_(op),
        chains_(std::move(chains)),
        newest_(std::move(newest)),
        same_subtask_(same_subtask) {}

  std::size_t chains() const override { return chains_.size(); }
  std::uint32_t length(std::size_t chain) const override {
    return static_cast<std::uint32_t>(chains_[chain].files.size());
  }
  std::int64_t oldest(std::size_t chain) const override { return chains_[chain].oldest; }
  bool same_subtask() const override { return same_subtask_; }
  std::uint64_t bytes(std::size_t chain) const override {
    std::uint64_t bytes = 0;
    for (const SnapshotPart& file : chains_[chain].files) {
      for (const BlockEntry& entry : file.blocks)
        bytes += entry.kind / kSnapshotKinds == op_ ? entry.bytes : 0;
    }
    return bytes;
  }

  Status ForEach(std::size_t chain, std::uint32_t first, std::optional<SnapshotBlock> kind,
                 const Visit& visit) const override {
    const auto& files = chains_[chain].files;
    for (std::uint32_t i = first; i < files.size(); ++i)
      MILLRACE_RETURN_IF_ERROR(ForEachOf(files[i], i, kind, visit));
    return Status::Ok();
  }
  Status ForEachSubtask(
      SnapshotBlock kind,
      const std::function<Status(std::size_t, std::string_view)>& visit) const override {
    for (std::size_t i = 0; i < newest_.size(); ++i) {
      const auto give = [&](const Block& block) { return visit(i, block.bytes); };
      MILLRACE_RETURN_IF_ERROR(ForEachOf(newest_[i], 0, kind, give));
    }
    return Status::Ok();
  }

 private:
  Status ForEachOf(const SnapshotPart& file, std::uint32_t snapshot,
                   std::optional<SnapshotBlock> kind, const Visit& visit) const {
    std::vector<BlockEntry> wanted;
    for (const BlockEntry& entry : file.blocks) {
      const auto found = static_cast<SnapshotBlock>(entry.kind % kSnapshotKinds);
      if (entry.kind / kSnapshotKinds == op_ && found == kind.value_or(found))
        wanted.push_back(entry);
    }
    BlockReadAhead blocks(file.file, wanted);
    for (const BlockEntry& entry : wanted) {
      const std::string* bytes = nullptr;
      MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kRestoreRead));
      MILLRACE_RETURN_IF_ERROR(blocks.Next(&bytes));
      const auto found = static_cast<SnapshotBlock>(entry.kind % kSnapshotKinds);
      const Status visited = visit({snapshot, found, *bytes});
      if (!visited.ok())
        return Status(visited.code(), visited.message() + " (in '" + file.file->path() + "')");
    }
    return Status::Ok();
  }

  std::size_t op_;
  std::vector<Chain> chains_;
  std::vector<SnapshotPart> newest_;
  bool same_subtask_;
};

}  // namespace

Result<std::unique_ptr<CheckpointRestore>> CheckpointRestore::Open(FileSystem& files,
                                                                   const std::string& folder,
                                                                   Manifest manifest,
                                                                   const LocalCopy* local) {
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kRestoreOpen));
  std::unique_ptr<CheckpointRestore> restore(new CheckpointRestore(folder, std::move(manifest)));
  for (const Manifest::Vertex& vertex : restore->manifest_.vertices) {
    for (std::size_t i = 0; i < vertex.tasks.size(); ++i) {
      for (const Manifest::File& file : vertex.tasks[i])
        MILLRACE_RETURN_IF_ERROR(restore->OpenPart(files, local, file, static_cast<int>(i)));
    }
  }
  return restore;
}

Status CheckpointRestore::OpenPart(FileSystem& files, const LocalCopy* local,
                                   const Manifest::File& file, int subtask) {
  auto at = readers_.find(file.name);
  if (at == readers_.end()) {
    const bool is_pack = file.offset != 0;  // whose size the manifest does not say
    auto reader = CopiedFile::Open(
        {&files, JoinPath(folder_, file.name), local, file.name, is_pack ? 0 : file.bytes},
        from_.get());
    if (!reader.ok()) return reader.status();
    at = readers_.emplace(file.name, std::move(reader).value()).first;
  }
  auto part = FindPart(*at->second, file, subtask);
  if (!part.ok()) return part.status();
  parts_[{file.name, file.offset}] = part.value();
  return Status::Ok();
}

Result<std::unique_ptr<CheckpointRestore>> CheckpointRestore::OpenManifest(
    const std::string& location, const LocalCopy* local) {
  const auto where = LocateFiles(location);
  if (!where.ok()) return where.status();
  auto manifest = ReadManifest(*where.value().files, where.value().path);
  if (!manifest.ok()) return manifest.status();
  const std::string& path = where.value().path;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  return Open(*where.value().files, folder, std::move(manifest).value(), local);
}

const Manifest::Vertex* CheckpointRestore::SameVertex(const std::vector<std::string>& operators,
                                                      int parallelism) const {
  for (const Manifest::Vertex& vertex : manifest_.vertices) {
    if (vertex.operators == operators &&
        vertex.tasks.size() == static_cast<std::size_t>(parallelism))
      return &vertex;
  }
  return nullptr;
}

std::vector<std::string> CheckpointRestore::OperatorsWithState() const {
  std::vector<std::string> found;
  for (const Manifest::Vertex& vertex : manifest_.vertices) {
    std::vector<bool> has(vertex.operators.size());
    for (const Manifest::Chain& chain : vertex.tasks) {
      for (const Manifest::File& file : chain) {
        for (const BlockEntry& entry : PartOf(file).blocks) {
          const std::size_t op = entry.kind / kSnapshotKinds;
          if (op < has.size()) has[op] = true;
        }
      }
    }
    for (std::size_t i = 0; i < has.size(); ++i) {
      if (has[i]) found.push_back(vertex.operators[i]);
    }
  }
  return found;
}

std::unique_ptr<OperatorRestore> CheckpointRestore::For(const std::string& op,
                                                        const std::vector<std::string>& operators,
                                                        int subtask, int parallelism) const {
  const bool same = SameVertex(operators, parallelism) != nullptr;
  for (const Manifest::Vertex& vertex : manifest_.vertices) {
    const auto at = std::find(vertex.operators.begin(), vertex.operators.end(), op);
    if (at == vertex.operators.end()) continue;
    std::vector<FileRestore::Chain> chains;
    std::vector<SnapshotPart> newest;
    for (std::size_t i = 0; i < vertex.tasks.size(); ++i) {
      if (!vertex.tasks[i].empty()) newest.push_back(PartOf(vertex.tasks[i].back()));
      if (same && i != static_cast<std::size_t>(subtask)) continue;
      FileRestore::Chain chain;
      for (const Manifest::File& file : vertex.tasks[i]) chain.files.push_back(PartOf(file));
      if (!vertex.tasks[i].empty()) chain.oldest = vertex.tasks[i].front().checkpoint;
      chains.push_back(std::move(chain));
    }
    return std::make_unique<FileRestore>(static_cast<std::size_t>(at - vertex.operators.begin()),
                                         std::move(chains), std::move(newest), same);
  }
  return nullptr;
}

std::optional<Manifest::Chain> CheckpointRestore::ChainOf(const std::vector<std::string>& operators,
                                                          int subtask, int parallelism) const {
  const Manifest::Vertex* vertex = SameVertex(operators, parallelism);
  if (vertex == nullptr) return std::nullopt;
  return vertex->tasks[static_cast<std::size_t>(subtask)];
}

std::optional<std::string> CheckpointRestore::SplitsOf(const std::string& source) const {
  for (const Manifest::Source& s : manifest_.sources) {
    if (s.name == source) return s.splits;
  }
  return std::nullopt;
}

}  // namespace millrace
