#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/io/bytes.h"
#include "millrace/storage/file_system.h"

// The files of this machine. What is large goes to the disk and comes from there without a copy in the page cache: such a copy
// costs more than all else that a checkpoint does, and nobody looks at it again.
namespace millrace {

/// "create '/x/y': No space left on device".
Status IoFailure(const char* what, const std::string& path, int error);

/// An open file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// Of places, lengths and addresses, where a disk and memory exchange bytes without a copy.
inline constexpr std::size_t kDirectAlign = ByteWriter::kPage;
/// Turns the direct way on or off. False: the file system has none.
bool SetDirect(int fd, bool on);

struct FreeBytes {
  void operator()(char* bytes) const { std::free(bytes); }
};
using AlignedBytes = std::unique_ptr<char, FreeBytes>;
/// `bytes` is a multiple of kDirectAlign. Throws std::bad_alloc.
AlignedBytes AllocateAligned(std::size_t bytes);

class LocalWritableFile final : public WritableFile {
 public:
  /// `large`: much will be written, and not read soon.
  LocalWritableFile(Descriptor fd, std::string path, bool large)
      : fd_(std::move(fd)), path_(std::move(path)), direct_(large) {}

  Status Append(std::string_view bytes) override { return AppendAll({&bytes, 1}); }
  Status AppendAll(std::span<const std::string_view> pieces) override;
  Status Sync() override;
  Status Close() override;

 private:
  static constexpr std::size_t kStaged = std::size_t{1} << 20;
  static constexpr off_t kWriteBehind = 4 * 1024 * 1024;
  static constexpr std::size_t kFromPlace = 64 * 1024;  // fewer are copied

  Status Write(std::string_view bytes);
  /// The ordinary way, or staged.
  Status Take(std::string_view bytes);
  /// On their way past the page cache. In `parts_` are those that may be written now: whole pages, from where they are if they stand in
  /// memory as they will in the file.
  Status Stage(std::string_view bytes);
  void StageFromPlace(std::string_view* bytes);
  /// What is staged since the last part is whole pages.
  void EndFragment();
  Status WriteParts();
  /// The end of it: all that is staged.
  Status WriteStaged();
  void GoTheOrdinaryWay();

  Descriptor fd_;
  std::string path_;
  off_t written_ = 0;
  off_t begun_ = 0;   // the writing of these has begun
  bool direct_;       // what comes behind the first kStaged bytes, until the first Sync
  bool set_ = false;  // the descriptor is set so
  AlignedBytes staged_;
  std::size_t staged_bytes_ = 0;
  std::size_t fragment_ = 0;  // where in the stage begins what is not in `parts_`
  std::vector<std::string_view> parts_;
};

class LocalReadableFile final : public ReadableFile {
 public:
  LocalReadableFile(Descriptor fd, Descriptor direct, std::string path, std::uint64_t size)
      : fd_(std::move(fd)), direct_(std::move(direct)), path_(std::move(path)), size_(size) {}

  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, char* to, std::size_t bytes) const override;

 private:
  /// Fewer bytes are read the ordinary way.
  static constexpr std::size_t kLarge = std::size_t{64} << 10;

  /// False: not all came, for whatever reason.
  bool ReadDirect(std::uint64_t offset, char* to, std::size_t bytes) const;

  Descriptor fd_;
  Descriptor direct_;  // -1: the file system has no direct way
  std::string path_;
  std::uint64_t size_;
};

}  // namespace millrace
