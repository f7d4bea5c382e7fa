#include "runtime/checkpoint/pack/snapshot_pack.h"

#include <algorithm>
#include <string>

namespace millrace {
namespace {

constexpr std::uint64_t kBlockHeaderBytes = 12;

Status Lost(const BlockSource& reader, const std::string& what) {
  return Status::DataLoss("read '" + reader.path() + "': " + what);
}

std::uint64_t EndOf(const BlockEntry& block) {
  return block.offset + kBlockHeaderBytes + block.bytes;
}

}  // namespace

ByteWriter PackPart::Encoded() const {
  ByteWriter out;
  out.Put(static_cast<std::uint32_t>(task.vertex));
  out.Put(static_cast<std::uint32_t>(task.subtask));
  out.Put(checkpoint);
  out.Put(blocks);
  return out;
}

bool PackPart::Decode(std::string_view bytes, PackPart* part) {
  ByteReader in(bytes);
  std::uint32_t vertex = 0, subtask = 0;
  in.Get(&vertex);
  in.Get(&subtask);
  in.Get(&part->checkpoint);
  in.Get(&part->blocks);
  part->task = {static_cast<int>(vertex), static_cast<int>(subtask)};
  return in.ok() && in.AtEnd();
}

Result<SnapshotPart> FindPart(const BlockSource& reader, const Manifest::File& file, int subtask) {
  const std::span<const BlockEntry> all = reader.blocks();
  const auto is_part = [](const BlockEntry& block) { return block.kind == kPackPart; };
  if (file.offset == 0) {
    const auto part = std::find_if(all.begin(), all.end(), is_part);
    if (part == all.end()) return SnapshotPart{&reader, all};
    return Lost(reader, "a part of a pack begins at " + std::to_string(part->offset) +
                            ", and the manifest names it as the file of one task");
  }
  const std::string where = "the part at " + std::to_string(file.offset);
  const auto begin =
      std::lower_bound(all.begin(), all.end(), file.offset,
                       [](const BlockEntry& b, std::uint64_t at) { return b.offset < at; });
  if (begin == all.end() || begin->offset != file.offset || !is_part(*begin))
    return Lost(reader, "no part of a pack begins at " + std::to_string(file.offset));
  std::string bytes;
  MILLRACE_RETURN_IF_ERROR(reader.Read(*begin, &bytes));
  PackPart part;
  if (!PackPart::Decode(bytes, &part)) return Lost(reader, where + " does not say whose it is");
  // Its vertex may have another number by now; the operators' names count.
  if (part.task.subtask != subtask || part.checkpoint != file.checkpoint) {
    return Lost(reader, where + " is of subtask " + std::to_string(part.task.subtask) +
                            " for checkpoint " + std::to_string(part.checkpoint) +
                            ", the manifest names it as of subtask " + std::to_string(subtask) +
                            " for checkpoint " + std::to_string(file.checkpoint));
  }
  const auto end = std::find_if(begin + 1, all.end(), is_part);
  if (end - begin - 1 != static_cast<std::ptrdiff_t>(part.blocks)) {
    return Lost(reader, where + " has " + std::to_string(end - begin - 1) + " blocks and claims " +
                            std::to_string(part.blocks));
  }
  const std::uint64_t found = EndOf(*(end - 1)) - begin->offset;
  if (found != file.bytes) {
    return Lost(reader, where + " has " + std::to_string(found) + " bytes, the manifest says " +
                            std::to_string(file.bytes));
  }
  return SnapshotPart{&reader, {begin + 1, end}};
}

}  // namespace millrace
