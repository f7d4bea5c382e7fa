#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/io/bytes.h"
#include "millrace/storage/compression.h"
#include "millrace/storage/file_system.h"

namespace millrace {

/// A block of a block file: what its writer called it, and where it stands.
struct BlockEntry {
  std::uint16_t kind = 0;
  std::uint32_t bytes = 0;   // that it takes in the file, without its header
  std::uint64_t offset = 0;  // of the block's header in the file
  bool packed = false;       // its content was compressed
};

/// Blocks of more bytes are split by whoever writes them; a reader refuses them.
inline constexpr std::uint32_t kMaxBlockBytes = 64 << 20;

/// Writes a block file: blocks with a checksum each, an index, a trailer. docs/formats/block_file.md.
class BlockFileWriter {
 public:
  BlockFileWriter(std::unique_ptr<WritableFile> file, std::string path,
                  Compression compression = Compression::kNone);

  /// `kind` is below 0xff00. At most kMaxBlockBytes.
  Status Add(std::uint16_t kind, std::string_view content);
  /// Many at once, which go to the file together. `checksum` of one is known where its content was in the caches.
  struct Content {
    std::uint16_t kind = 0;
    std::string_view bytes;
    std::optional<std::uint32_t> checksum;  // Checksum(kind, bytes)
  };
  Status AddAll(std::span<const Content> blocks);
  static std::uint32_t Checksum(std::uint16_t kind, std::string_view content);
  /// What stands before the first block, and before each one's content. Bytes.
  static constexpr std::size_t kHeaderBytes = 16, kBlockHeaderBytes = 12;
  /// Index and trailer; then the file is synced and closed. Its name is not synced: FileSystem::SyncFolder.
  Status Finish();

  const std::vector<BlockEntry>& blocks() const { return blocks_; }
  /// Written so far.
  std::uint64_t bytes() const { return bytes_; }

 private:
  /// A block's header, and the file's before the first.
  ByteWriter HeaderOf(std::uint16_t kind, bool packed, std::string_view content,
                      std::optional<std::uint32_t> checksum) const;
  Status Write(std::span<const std::string_view> pieces);

  std::unique_ptr<WritableFile> file_;
  std::string path_;
  Compression compression_;
  std::string packed_;  // the last content that was compressed
  std::uint64_t bytes_ = 0;
  std::vector<BlockEntry> blocks_;
};

/// Blocks that can be read. May be called by several threads.
class BlockSource {
 public:
  virtual ~BlockSource() = default;
  virtual const std::vector<BlockEntry>& blocks() const = 0;
  /// For messages.
  virtual const std::string& path() const = 0;
  /// The content of a block; `bytes` is replaced.
  virtual Status Read(const BlockEntry& block, std::string* bytes) const = 0;
};

/// Reads a block file and trusts none of it. Errors are DATA_LOSS (cut off, a wrong checksum, an index that is none),
/// INVALID_ARGUMENT (no block file), UNIMPLEMENTED (of a newer version), or what the file system says; each names the file,
/// and the block if one is meant.
class BlockFileReader final : public BlockSource {
 public:
  static Result<BlockFileReader> Open(FileSystem& files, const std::string& path);
  /// `path` is for messages.
  static Result<BlockFileReader> Open(std::unique_ptr<ReadableFile> file, std::string path);

  const std::vector<BlockEntry>& blocks() const override { return blocks_; }
  const std::string& path() const override { return path_; }
  Status Read(const BlockEntry& block, std::string* bytes) const override;
  /// Reads every block: OK when the whole file is as it was written.
  Status Verify() const;

 private:
  BlockFileReader(std::unique_ptr<ReadableFile> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}
  Status ReadHeader();
  Status ReadIndex();
  Status Lost(const std::string& what) const;

  std::unique_ptr<ReadableFile> file_;
  std::string path_;
  std::uint32_t version_ = 0;
  std::vector<BlockEntry> blocks_;
};

}  // namespace millrace
