#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "millrace/storage/file_system.h"
#include "runtime/checkpoint/manifest.h"

// What anybody may read of a checkpoint folder, whether or not a job is writing into it. docs/formats/manifest.md
//
//   FOLDER/checkpoint-17.manifest
//   FOLDER/tasks/RUN-v0-s1-c17.snapshot    of vertex 0, subtask 1, for checkpoint 17
//   FOLDER/tasks/RUN-v0-s1-c17-pack.snapshot    of this task and others, all of which are small
//   FOLDER/lock                            held by the job that writes into it
namespace millrace {

/// Paths of the manifests in a folder, by the checkpoint's id. NOT_FOUND when there is no such folder.
Result<std::map<std::int64_t, std::string>> ListManifests(FileSystem& files,
                                                          const std::string& folder);
std::string ManifestPath(const std::string& folder, std::int64_t id);
/// DATA_LOSS when it is damaged, INVALID_ARGUMENT when it is something else, UNIMPLEMENTED when it is of a newer format.
Result<Manifest> ReadManifest(FileSystem& files, const std::string& path);
inline constexpr std::uint16_t kManifestBlock = 1;

/// Opens every file that the manifest names, finds its parts, and reads every block of those that are not among the `whole` ones, of
/// which they are then. The first thing that is wrong; CANCELLED when `stopped` says so between two files or blocks.
Status VerifyCheckpoint(FileSystem& files, const std::string& folder, const Manifest& manifest,
                        std::set<std::string>* whole,
                        const std::function<bool()>& stopped = nullptr);
/// For a message about a checkpoint that can't be restored: which others in the folder are whole, and how to choose one.
std::string OtherCheckpoints(FileSystem& files, const std::string& folder, std::int64_t but);

}  // namespace millrace
