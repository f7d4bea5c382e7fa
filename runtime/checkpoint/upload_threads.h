#pragma once

#include <cstddef>
#include <thread>
#include <vector>

#include "runtime/checkpoint/snapshot_uploads.h"

namespace millrace {

/// The threads that write snapshots, from construction to destruction: most of the time they wait for the disk, so that some
/// more of them than there are disks do no harm, and one slow sync does not hold up the next task's.
class UploadThreads {
 public:
  /// `uploads` outlives it. Throws std::system_error when the machine gives no thread at all.
  UploadThreads(SnapshotUploads* uploads, std::size_t count);
  ~UploadThreads();
  UploadThreads(const UploadThreads&) = delete;
  UploadThreads& operator=(const UploadThreads&) = delete;

 private:
  SnapshotUploads* uploads_;
  std::vector<std::thread> threads_;
};

}  // namespace millrace
