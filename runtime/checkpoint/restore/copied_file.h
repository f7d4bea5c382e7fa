#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/storage/block_file.h"
#include "runtime/checkpoint/local/local_copy.h"

namespace millrace {

/// Where the files of a restore come from.
struct RestoredFrom {
  std::atomic<std::uint64_t> local{0}, storage{0};
};

/// A snapshot file, read from its local copy while that is whole. What is found damaged there is read from storage, and so is all that
/// follows.
class CopiedFile final : public BlockSource {
 public:
  struct Place {
    FileSystem* files = nullptr;  // the checkpoint folder's
    std::string path;
    const LocalCopy* local = nullptr;  // null: there is none
    std::string name;                  // in it
    std::uint64_t bytes = 0;           // that the file has; 0: its trailer says
  };
  /// The local copy, if it begins and ends as a file of so many bytes, else the stored file. What the place names outlives it.
  static Result<std::unique_ptr<CopiedFile>> Open(Place place, RestoredFrom* from);

  const std::vector<BlockEntry>& blocks() const override { return now()->blocks(); }
  const std::string& path() const override { return now()->path(); }
  Status Read(const BlockEntry& block, std::string* bytes) const override;
  bool is_local() const { return !in_storage_.load(std::memory_order_acquire); }

 private:
  CopiedFile(Place place, RestoredFrom* from) : place_(std::move(place)), from_(from) {}
  const BlockFileReader* now() const { return is_local() ? &*local_ : &*stored_; }
  bool OpenLocal();
  Status OpenStored() const;

  const Place place_;
  RestoredFrom* from_;
  std::optional<BlockFileReader> local_;
  mutable std::mutex mutex_;
  mutable std::optional<BlockFileReader> stored_;  // written once, before in_storage_ is true
  mutable std::atomic<bool> in_storage_{false};
};

}  // namespace millrace
