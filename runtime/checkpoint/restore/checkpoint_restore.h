#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/operators/snapshot.h"
#include "millrace/storage/block_file.h"
#include "runtime/checkpoint/manifest.h"
#include "runtime/checkpoint/pack/snapshot_pack.h"
#include "runtime/checkpoint/restore/copied_file.h"

namespace millrace {

/// A complete checkpoint, opened to be restored from. State belongs to operators by name; any parallelism may read it.
class CheckpointRestore {
 public:
  /// Opens every file that the manifest names. `folder` is where the names begin; `local`, unless it is null, has copies of some, which
  /// are read first. `files` and `local` outlive it.
  static Result<std::unique_ptr<CheckpointRestore>> Open(FileSystem& files,
                                                         const std::string& folder,
                                                         Manifest manifest,
                                                         const LocalCopy* local = nullptr);

  /// Of a manifest where LocateFiles finds it.
  static Result<std::unique_ptr<CheckpointRestore>> OpenManifest(const std::string& location,
                                                                 const LocalCopy* local = nullptr);

  const Manifest& manifest() const { return manifest_; }
  const std::string& folder() const { return folder_; }
  /// Where the files come from, as far as is known by now: a damaged copy is found when it is read.
  std::shared_ptr<const RestoredFrom> from() const { return from_; }
  /// Operators that have something in the checkpoint, in the order of the manifest.
  std::vector<std::string> OperatorsWithState() const;
  /// What the checkpoint has for a subtask of an operator; null when it knows no such operator. `operators` are the names
  /// of the vertex that it is in now: when they and the parallelism are those of then, snapshots go on with the chain.
  std::unique_ptr<OperatorRestore> For(const std::string& op,
                                       const std::vector<std::string>& operators, int subtask,
                                       int parallelism) const;
  /// The chain that such a subtask goes on with.
  std::optional<Manifest::Chain> ChainOf(const std::vector<std::string>& operators, int subtask,
                                         int parallelism) const;
  /// The splits of a source that nobody had.
  std::optional<std::string> SplitsOf(const std::string& source) const;

 private:
  CheckpointRestore(std::string folder, Manifest manifest)
      : folder_(std::move(folder)), manifest_(std::move(manifest)) {}
  const Manifest::Vertex* SameVertex(const std::vector<std::string>& operators,
                                     int parallelism) const;

  Status OpenPart(FileSystem& files, const LocalCopy* local, const Manifest::File& file,
                  int subtask);
  const SnapshotPart& PartOf(const Manifest::File& file) const {
    return parts_.at({file.name, file.offset});
  }

  std::string folder_;
  Manifest manifest_;
  std::shared_ptr<RestoredFrom> from_ = std::make_shared<RestoredFrom>();
  std::map<std::string, std::unique_ptr<CopiedFile>> readers_;           // by name
  std::map<std::pair<std::string, std::uint64_t>, SnapshotPart> parts_;  // by name and offset
};

}  // namespace millrace
