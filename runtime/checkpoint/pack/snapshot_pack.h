#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "millrace/base/status.h"
#include "millrace/io/bytes.h"
#include "millrace/storage/block_file.h"
#include "runtime/checkpoint/manifest.h"
#include "runtime/checkpoint/snapshot_target.h"

// A pack: the small snapshots that several tasks have made for one checkpoint, in one file. Each part is a block of kind kPackPart,
// which says whose it is, and the task's blocks behind it. docs/formats/manifest.md
namespace millrace {

/// No block of a snapshot is of this kind.
inline constexpr std::uint16_t kPackPart = 0;

/// What stands in front of a part.
struct PackPart {
  TaskId task;
  std::int64_t checkpoint = 0;
  std::uint32_t blocks = 0;  // that follow and are the part's

  ByteWriter Encoded() const;
  /// False when the bytes are none.
  static bool Decode(std::string_view bytes, PackPart* part);
};

/// What a snapshot file has of one task.
struct SnapshotPart {
  const BlockSource* file = nullptr;
  std::span<const BlockEntry> blocks;  // of the file's
};

/// Finds what the manifest names of subtask `subtask` in the opened file. DATA_LOSS when it is not there, or is not what the manifest
/// says: the message has the file and the place.
Result<SnapshotPart> FindPart(const BlockSource& reader, const Manifest::File& file, int subtask);

}  // namespace millrace
