#include "millrace/storage/block_file.h"

#include <algorithm>
#include <utility>

#include "millrace/base/check.h"
#include "millrace/io/bytes.h"
#include "millrace/storage/crc32c.h"
#include "src/base/fail_point.h"

namespace millrace {
namespace {

constexpr std::string_view kMagic = "MLRBLOCK";
constexpr std::string_view kEndMagic = "MLRBLEND";
constexpr std::uint32_t kPlainVersion = 1;
constexpr std::uint32_t kVersion = 2;  // blocks may be compressed
constexpr std::uint16_t kPacked = 1;   // the flag of one that is
// Smaller ones are left as they are.
constexpr std::size_t kLeastToPack = 256;

// Magic, version, checksum of both.
constexpr std::size_t kHeaderBytes = BlockFileWriter::kHeaderBytes;
// Kind, flags, bytes, checksum of these and the content.
constexpr std::size_t kBlockHeaderBytes = BlockFileWriter::kBlockHeaderBytes;
constexpr std::size_t kEntryBytes = 16;    // kind, flags, bytes, offset
constexpr std::size_t kTrailerBytes = 24;  // offset of the index, its bytes, checksum, magic

constexpr std::uint16_t kIndexKind = 0xff00;

// Of what stands before the checksum in a block's header, and the content.
std::uint32_t BlockChecksum(std::string_view header, std::string_view content) {
  return Crc32c(content, Crc32c(header.substr(0, 8)));
}

// A block's header without its checksum.
ByteWriter HeadOf(std::uint16_t kind, bool packed, std::string_view content) {
  ByteWriter head;
  head.Put(kind);
  head.Put(packed ? kPacked : std::uint16_t{0});
  head.Put(static_cast<std::uint32_t>(content.size()));
  return head;
}

}  // namespace

BlockFileWriter::BlockFileWriter(std::unique_ptr<WritableFile> file, std::string path,
                                 Compression compression)
    : file_(std::move(file)), path_(std::move(path)), compression_(compression) {}

Status BlockFileWriter::Write(std::span<const std::string_view> pieces) {
  MILLRACE_RETURN_IF_ERROR(file_->AppendAll(pieces));
  for (const std::string_view piece : pieces) bytes_ += piece.size();
  return Status::Ok();
}

std::uint32_t BlockFileWriter::Checksum(std::uint16_t kind, std::string_view content) {
  return BlockChecksum(HeadOf(kind, false, content).view(), content);
}

ByteWriter BlockFileWriter::HeaderOf(std::uint16_t kind, bool packed, std::string_view content,
                                     std::optional<std::uint32_t> checksum) const {
  ByteWriter header;
  if (blocks_.empty()) {
    header.PutBytes(kMagic.data(), kMagic.size());
    header.Put(compression_ == Compression::kNone ? kPlainVersion : kVersion);
    header.Put(Crc32c(header.view()));
  }
  const ByteWriter head = HeadOf(kind, packed, content);
  header.PutBytes(head.data(), head.size());
  header.Put(checksum.has_value() ? *checksum : BlockChecksum(head.view(), content));
  return header;
}

Status BlockFileWriter::Add(std::uint16_t kind, std::string_view content) {
  const Content block{kind, content, std::nullopt};
  return AddAll({&block, 1});
}

Status BlockFileWriter::AddAll(std::span<const Content> blocks) {
  std::vector<ByteWriter> headers;
  headers.reserve(blocks.size());
  std::vector<std::string_view> pieces;
  std::uint64_t offset = std::max<std::uint64_t>(bytes_, kHeaderBytes);
  const auto write = [&] {
    const Status written = Write(pieces);
    pieces.clear();
    return written;
  };
  for (const Content& block : blocks) {
    MILLRACE_CHECK(block.kind < kIndexKind, "a kind of block that is reserved");
    MILLRACE_CHECK(block.bytes.size() <= kMaxBlockBytes, "a block is too large");
    const bool packed = compression_ == Compression::kZstd && block.bytes.size() >= kLeastToPack &&
                        PackZstd(block.bytes, &packed_);
    const std::string_view content = packed ? std::string_view(packed_) : block.bytes;
    headers.push_back(
        HeaderOf(block.kind, packed, content, packed ? std::nullopt : block.checksum));
    pieces.insert(pieces.end(), {headers.back().view(), content});
    blocks_.push_back({block.kind, static_cast<std::uint32_t>(content.size()), offset, packed});
    offset += kBlockHeaderBytes + content.size();
    if (packed)
      MILLRACE_RETURN_IF_ERROR(write());  // the next one is compressed into the same place
  }
  return write();
}

Status BlockFileWriter::Finish() {
  ByteWriter index;
  for (const BlockEntry& block : blocks_) {
    index.Put(block.kind);
    index.Put(block.packed ? kPacked : std::uint16_t{0});
    index.Put(block.bytes);
    index.Put(block.offset);
  }
  MILLRACE_CHECK(index.size() <= kMaxBlockBytes, "a file has too many blocks");
  const std::uint64_t offset = std::max<std::uint64_t>(bytes_, kHeaderBytes);
  const ByteWriter header = HeaderOf(kIndexKind, false, index.view(), std::nullopt);
  ByteWriter trailer;
  trailer.Put(offset);
  trailer.Put(static_cast<std::uint32_t>(index.size()));
  trailer.Put(Crc32c(trailer.view()));
  trailer.PutBytes(kEndMagic.data(), kEndMagic.size());
  const std::string_view pieces[] = {header.view(), index.view(), trailer.view()};
  MILLRACE_RETURN_IF_ERROR(Write(pieces));
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kBlockFileSync));
  MILLRACE_RETURN_IF_ERROR(file_->Sync());
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kBlockFileClose));
  return file_->Close();
}

Result<BlockFileReader> BlockFileReader::Open(FileSystem& files, const std::string& path) {
  Result<std::unique_ptr<ReadableFile>> file = files.Open(path);
  if (!file.ok()) return file.status();
  return Open(std::move(file).value(), path);
}

Result<BlockFileReader> BlockFileReader::Open(std::unique_ptr<ReadableFile> file,
                                              std::string path) {
  BlockFileReader reader(std::move(file), std::move(path));
  MILLRACE_RETURN_IF_ERROR(reader.ReadHeader());
  MILLRACE_RETURN_IF_ERROR(reader.ReadIndex());
  return reader;
}

Status BlockFileReader::Lost(const std::string& what) const {
  return Status::DataLoss("read '" + path_ + "' (" + std::to_string(file_->size()) +
                          " bytes): " + what);
}

Status BlockFileReader::ReadHeader() {
  char bytes[kHeaderBytes];
  if (file_->size() < kHeaderBytes) return Lost("it is cut off within its header");
  MILLRACE_RETURN_IF_ERROR(file_->ReadAt(0, bytes, kHeaderBytes));
  const std::string_view header(bytes, kHeaderBytes);
  if (header.substr(0, kMagic.size()) != kMagic) {
    return Status::InvalidArgument("read '" + path_ + "': it is no file of blocks of Millrace");
  }
  ByteReader in(header.substr(kMagic.size()));
  std::uint32_t checksum = 0;
  in.Get(&version_);
  in.Get(&checksum);
  if (checksum != Crc32c(header.substr(0, 12))) return Lost("its header is damaged");
  if (version_ == 0 || version_ > kVersion) {
    return Status::Unimplemented("read '" + path_ + "': its format version is " +
                                 std::to_string(version_) + ", this program reads versions 1 to " +
                                 std::to_string(kVersion));
  }
  return Status::Ok();
}

Status BlockFileReader::ReadIndex() {
  const std::uint64_t size = file_->size();
  if (size < kHeaderBytes + kBlockHeaderBytes + kTrailerBytes) return Lost("it is cut off");
  char bytes[kTrailerBytes];
  MILLRACE_RETURN_IF_ERROR(file_->ReadAt(size - kTrailerBytes, bytes, kTrailerBytes));
  const std::string_view trailer(bytes, kTrailerBytes);
  ByteReader in(trailer);
  BlockEntry index{kIndexKind};
  std::uint32_t checksum = 0;
  in.Get(&index.offset);
  in.Get(&index.bytes);
  in.Get(&checksum);
  if (trailer.substr(16) != kEndMagic || checksum != Crc32c(trailer.substr(0, 12)))
    return Lost("it does not end with a trailer: cut off, or damaged there");
  if (index.offset < kHeaderBytes ||
      index.offset + kBlockHeaderBytes + index.bytes + kTrailerBytes != size)
    return Lost("its trailer points elsewhere");
  std::string content;
  MILLRACE_RETURN_IF_ERROR(Read(index, &content));
  if (content.size() % kEntryBytes != 0) return Lost("its index is damaged");
  ByteReader entries(content);
  std::uint64_t expected = kHeaderBytes;
  while (!entries.AtEnd()) {
    BlockEntry block;
    std::uint16_t flags = 0;
    entries.Get(&block.kind);
    entries.Get(&flags);
    entries.Get(&block.bytes);
    entries.Get(&block.offset);
    block.packed = flags == kPacked;
    if (block.offset != expected || block.kind >= kIndexKind || flags > kPacked ||
        (block.packed && version_ == kPlainVersion))
      return Lost("its index is damaged");
    expected += kBlockHeaderBytes + block.bytes;
    if (expected > index.offset) return Lost("its index is damaged");
    blocks_.push_back(block);
  }
  return expected == index.offset ? Status::Ok() : Lost("its index lacks blocks");
}

Status BlockFileReader::Read(const BlockEntry& block, std::string* bytes) const {
  const auto lost = [&](const char* what) {
    return Lost("block at " + std::to_string(block.offset) + " of kind " +
                std::to_string(block.kind) + ": " + what);
  };
  if (block.bytes > kMaxBlockBytes) return lost("it is larger than a block may be");
  char head[kBlockHeaderBytes];
  MILLRACE_RETURN_IF_ERROR(file_->ReadAt(block.offset, head, kBlockHeaderBytes));
  const std::string_view header(head, kBlockHeaderBytes);
  ByteReader in(header);
  BlockEntry found;
  std::uint16_t flags = 0;
  std::uint32_t checksum = 0;
  in.Get(&found.kind);
  in.Get(&flags);
  in.Get(&found.bytes);
  in.Get(&checksum);
  if (found.kind != block.kind || found.bytes != block.bytes || (flags == kPacked) != block.packed)
    return lost("its header is damaged");
  std::string packed;
  std::string* const stored = block.packed ? &packed : bytes;
  stored->resize(block.bytes);
  MILLRACE_RETURN_IF_ERROR(
      file_->ReadAt(block.offset + kBlockHeaderBytes, stored->data(), block.bytes));
  if (checksum != BlockChecksum(header, *stored)) return lost("its checksum is wrong");
  if (block.packed && !UnpackZstd(packed, kMaxBlockBytes, bytes))
    return lost("what is compressed in it is damaged");
  return Status::Ok();
}

Status BlockFileReader::Verify() const {
  std::string bytes;
  for (const BlockEntry& block : blocks_) MILLRACE_RETURN_IF_ERROR(Read(block, &bytes));
  return Status::Ok();
}

}  // namespace millrace
