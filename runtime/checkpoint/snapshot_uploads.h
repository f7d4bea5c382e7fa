#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "millrace/base/check.h"
#include "millrace/storage/block_file.h"
#include "runtime/checkpoint/checkpoint_store.h"
#include "runtime/checkpoint/manifest.h"
#include "runtime/checkpoint/snapshot_target.h"

namespace millrace {

/// What tasks have told a checkpoint's coordinator.
struct SnapshotEvent {
  enum class Kind { kWritten, kDeclined, kEnded, kManifest };
  Kind kind = Kind::kWritten;
  TaskId task;
  std::int64_t checkpoint = 0;
  std::int64_t oldest = 0;  // of a written one: the oldest checkpoint whose file a restore reads
  Manifest::File file;      // of a written one
  Status status;  // why not: of a file or manifest that was not written, of a declined one
};

/// Takes snapshots from tasks as blocks in memory and writes them to files, one block after the other, where RunOne is called.
class SnapshotUploads final : public SnapshotTarget {
 public:
  /// Files are tasks/RUN-v0-s1-c17.snapshot in the store's folder; `run` is this run's own. The store outlives it, and is
  /// used by RunOne's thread alone.
  SnapshotUploads(CheckpointStore* store, std::string run);
  ~SnapshotUploads() override;

  std::unique_ptr<SnapshotFile> Begin(TaskId task, std::int64_t checkpoint) override;
  void OnDeclined(TaskId task, std::int64_t checkpoint, const std::string& why) override;
  void OnEnded(TaskId task) override;
  bool Crowded() const override { return waiting_.load(std::memory_order_relaxed) > kCrowded; }

  /// A complete checkpoint: behind all that was handed over before. Then only the newest `retained` ones are kept.
  void WriteManifest(Manifest manifest, std::size_t retained);
  /// Writes what has waited longest. False when nothing does. One thread at a time.
  bool RunOne();
  /// Adds to what has happened: in another process, say.
  void Tell(SnapshotEvent event);
  /// What has happened since the last call, in order.
  std::vector<SnapshotEvent> TakeEvents();
  /// Until there is an event or something to write, Interrupt is called, or `nanos` are over.
  void Wait(std::int64_t nanos);
  void Interrupt();

 private:
  static constexpr std::int64_t kCrowded = 32 << 20;  // bytes
  class File;
  struct Upload;
  struct Item {
    std::shared_ptr<Upload> upload;
    std::uint16_t kind = 0;
    ByteWriter block;
    bool last = false;
    std::shared_ptr<const Manifest> manifest;  // it is none of a file then
    std::size_t retained = 0;
  };
  void Push(Item item);
  void Finish(Upload& upload);

  CheckpointStore* store_;
  const std::string run_;
  std::atomic<std::int64_t> waiting_{0};  // bytes
  std::mutex mutex_;
  std::condition_variable news_;
  bool interrupted_ = false;           // guarded by the mutex
  std::deque<Item> items_;             // guarded by the mutex
  std::vector<SnapshotEvent> events_;  // guarded by the mutex
};

/// How a task's snapshot file numbers the blocks of its operators: `op` from 0.
inline constexpr std::uint16_t kSnapshotKinds = 32;
inline constexpr std::size_t kMostOperatorsOfTask = 0xff00 / kSnapshotKinds;
inline std::uint16_t BlockKindOf(std::size_t op, SnapshotBlock kind) {
  MILLRACE_CHECK(op < kMostOperatorsOfTask, "a task of so many operators has no snapshot file");
  return static_cast<std::uint16_t>(op * kSnapshotKinds + static_cast<std::uint16_t>(kind));
}

}  // namespace millrace
