// Any bytes as what a checkpoint folder has besides state: refused, or read to what is written as the same bytes again. The
// first byte chooses the reader.
#include <google/protobuf/stubs/logging.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/file/file_committable.h"
#include "millrace/io/batch.h"
#include "millrace/operators/pending_commits.h"
#include "millrace/storage/block_file.h"
#include "millrace/storage/crc32c.h"
#include "runtime/checkpoint/manifest.h"
#include "runtime/checkpoint/pack/snapshot_pack.h"
#include "runtime/task/in_flight.h"
#include "tests/io/samples.h"
#include "tests/support/memory_file_system.h"

namespace {

using namespace millrace;

void Require(bool holds) {
  if (!holds) std::abort();
}

/// A file that is whole is what a writer makes of its blocks; one with compressed ones may have been made by another writer.
void ReadBlockFile(std::string_view bytes) {
  MemoryFileSystem files;
  Require(files.Create("in").value()->Append(bytes).ok());
  const auto reader = BlockFileReader::Open(files, "in");
  if (!reader.ok() || !reader.value().Verify().ok()) return;
  const bool plain = bytes[8] == 1;
  BlockFileWriter writer(files.Create("out").value(), "out",
                         plain ? Compression::kNone : Compression::kZstd);
  std::string block;
  for (const BlockEntry& entry : reader.value().blocks()) {
    Require(reader.value().Read(entry, &block).ok());
    Require(writer.Add(entry.kind, block).ok());
  }
  Require(writer.Finish().ok());
  Require(!plain || *files.Bytes("out") == bytes);
  const auto again = BlockFileReader::Open(files, "out");
  Require(again.ok() && again.value().blocks().size() == reader.value().blocks().size());
  std::string same;
  for (std::size_t i = 0; i < again.value().blocks().size(); ++i) {
    Require(reader.value().Read(reader.value().blocks()[i], &block).ok());
    Require(again.value().Read(again.value().blocks()[i], &same).ok() && same == block);
  }
}

/// The same behind the checksums, which no fuzzer guesses: the first byte says how long the index is, which comes last.
void ReadIndexedFile(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t most = static_cast<unsigned char>(bytes[0]);
  bytes.remove_prefix(1);
  const std::size_t index_bytes = std::min(most, bytes.size());
  const std::string_view blocks = bytes.substr(0, bytes.size() - index_bytes);
  const std::string_view index = bytes.substr(blocks.size());
  ByteWriter file;
  file.PutBytes("MLRBLOCK", 8);
  file.Put(std::uint32_t{most % 2 == 0 ? 1u : 2u});
  file.Put(Crc32c(file.view()));
  file.PutBytes(blocks.data(), blocks.size());
  const std::uint64_t at = file.size();
  ByteWriter head;
  head.Put(std::uint32_t{0xff00});
  head.PutCount(index.size());
  head.Put(Crc32c(index, Crc32c(head.view())));
  file.PutBytes(head.data(), head.size());
  file.PutBytes(index.data(), index.size());
  ByteWriter trailer;
  trailer.Put(at);
  trailer.PutCount(index.size());
  trailer.Put(Crc32c(trailer.view()));
  file.PutBytes(trailer.data(), trailer.size());
  file.PutBytes("MLRBLEND", 8);
  ReadBlockFile(file.view());
}

/// Any claims of a manifest about a pack with any blocks: refused with the file's name, or what is found is one part, as claimed. The first 28
/// bytes are the claims; then for each block its kind, its length and its content.
void ReadPart(std::string_view bytes) {
  ByteReader in(bytes);
  Manifest::File claim{"in", 0, 0, 0};
  std::uint32_t subtask = 0;
  in.Get(&claim.offset);
  in.Get(&claim.bytes);
  in.Get(&claim.checkpoint);
  in.Get(&subtask);
  if (!in.ok()) return;
  MemoryFileSystem files;
  BlockFileWriter writer(files.Create("in").value(), "in");
  for (std::size_t at = 28; at + 2 <= bytes.size();) {
    const auto kind = static_cast<std::uint16_t>(bytes[at] & 63);
    const std::string_view content =
        bytes.substr(at + 2, static_cast<unsigned char>(bytes[at + 1]));
    Require(writer.Add(kind, content).ok());
    at += 2 + content.size();
  }
  Require(writer.Finish().ok());
  const auto reader = BlockFileReader::Open(files, "in");
  const auto part = FindPart(reader.value(), claim, static_cast<int>(subtask));
  if (!part.ok()) {
    Require(part.status().code() == StatusCode::kDataLoss);
    Require(part.status().message().starts_with("read 'in': "));
    return;
  }
  for (const BlockEntry& block : part.value().blocks) Require(block.kind != kPackPart);
  const auto& all = reader.value().blocks();
  if (claim.offset == 0) return Require(part.value().blocks.size() == all.size());
  const BlockEntry* const begin = std::to_address(part.value().blocks.begin());
  const BlockEntry* const end = begin + part.value().blocks.size();
  Require(begin > all.data() && end <= all.data() + all.size());
  Require(end == all.data() + all.size() || end->kind == kPackPart);
  std::string head;
  PackPart said;
  Require(reader.value().Read(begin[-1], &head).ok() && PackPart::Decode(head, &said));
  Require(said.Encoded().view() == head && begin[-1].offset == claim.offset);
  Require(said.task.subtask == static_cast<int>(subtask) && said.checkpoint == claim.checkpoint);
  Require(end[-1].offset + 12 + end[-1].bytes == claim.offset + claim.bytes);
}

/// A manifest names no file outside of its folder, and says the same when it is written again.
void ReadManifestBytes(std::string_view bytes) {
  const auto manifest = Manifest::Decode(bytes, "m");
  if (!manifest.ok()) return;
  for (const Manifest::Vertex& vertex : manifest.value().vertices) {
    for (const Manifest::Chain& chain : vertex.tasks) {
      for (const Manifest::File& file : chain) {
        const auto path = std::filesystem::path(file.name).lexically_normal();
        Require(path.is_relative() && *path.begin() != "..");
      }
    }
  }
  const std::string encoded = manifest.value().Encoded();
  const auto again = Manifest::Decode(encoded, "m");
  Require(again.ok() && again.value().Encoded() == encoded);
}

/// The rows of an in-flight batch go to exactly one subtask each.
void ReadInFlight(std::string_view bytes) {
  const auto element = InFlightElement::Decode(bytes);
  if (!element.ok() || element.value().kind != Element::Kind::kBatch) return;
  InputChannelInfo info{&BatchTypeOf<testing::Everything>(), {true, true}, InFlightOwner::kHash};
  RestoredBatches batches;
  const auto rows = [&](const InFlightReader& reader) -> std::int64_t {
    const auto batch = batches.Decode(element.value(), info, 0, reader);
    if (!batch.ok()) return -1;
    if (batch.value() == nullptr) return 0;
    const std::int64_t size = batch.value()->size;
    batches.Return(batch.value());
    return size;
  };
  const std::int64_t all = rows({0, 1, true});
  if (all < 0) return;
  std::int64_t sum = 0;
  for (std::uint32_t i = 0; i < 3; ++i) sum += rows({i, 3, false});
  Require(sum == all);
}

void ReadCommittables(std::string_view bytes) {
  if (const auto file = FileCommittable::Decode(bytes); file.has_value())
    Require(file->Encoded() == bytes);
  std::vector<std::string> committables;
  if (!PendingCommits::Decode(bytes, &committables)) return;
  PendingCommits pending;
  pending.Add(1, committables);
  Require(pending.Encoded().view() == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  google::protobuf::SetLogHandler(nullptr);
  constexpr void (*kReaders[])(std::string_view) = {
      ReadBlockFile, ReadIndexedFile, ReadManifestBytes, ReadInFlight, ReadCommittables, ReadPart};
  kReaders[data[0] % std::size(kReaders)]({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
