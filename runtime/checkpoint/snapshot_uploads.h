#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "millrace/base/check.h"
#include "millrace/base/clock.h"
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
  // Of a written one:
  std::int64_t oldest = 0;  // the oldest checkpoint whose file a restore reads
  Manifest::File file;
  SnapshotTimes times;
  std::int64_t upload_nanos = 0;  // from the last block until it was durable
  Status status;  // why not: of a file or manifest that was not written, of a declined one
};

/// Takes snapshots from tasks as blocks in memory and writes them to files where RunOne is called: on threads of their own
/// (UploadThreads), or in the seeded driver's turns. What belongs to one task is written in order; a slow write or sync holds
/// up nobody but its task.
class SnapshotUploads final : public SnapshotTarget {
 public:
  /// Files are tasks/RUN-v0-s1-c17.snapshot in the store's folder; `run` is this run's own. The others outlive it.
  SnapshotUploads(CheckpointStore* store, const Clock* clock, std::string run,
                  Compression compression = Compression::kNone);
  ~SnapshotUploads() override;

  std::unique_ptr<SnapshotFile> Begin(TaskId task, std::int64_t checkpoint) override;
  void OnDeclined(TaskId task, std::int64_t checkpoint, const std::string& why) override;
  void OnEnded(TaskId task) override;
  bool Crowded() const override { return waiting_.load(std::memory_order_relaxed) > kCrowded; }
  /// Called by RunOne when it is crowded no longer. Before the first call of any other.
  void SetOnRoom(std::function<void()> on_room) { on_room_ = std::move(on_room); }

  /// A complete checkpoint. Then only the newest `retained` ones are kept.
  void WriteManifest(Manifest manifest, std::size_t retained);
  /// No manifest waits or is being written, and no older one is being removed.
  bool ManifestsAtRest();

  // --- any thread, several at once

  /// Writes one block, or ends a file, or writes a manifest. False when nothing waits.
  bool RunOne();
  /// RunOne again and again, until StopRunning: what waits then is dropped.
  void RunUntilStopped();
  void StopRunning();

  // --- the coordinator's thread

  /// Something has happened: here, or in another process whose events are this coordinator's. Any thread.
  void Tell(SnapshotEvent event);
  /// What has happened since the last call, in order.
  std::vector<SnapshotEvent> TakeEvents();
  /// Until there is an event, Interrupt is called, or `nanos` are over.
  void Wait(std::int64_t nanos);
  void Interrupt();

 private:
  static constexpr std::int64_t kCrowded = 32 << 20;  // bytes
  class File;
  struct Upload;
  struct Item {
    std::shared_ptr<Upload> upload;  // null: it is a manifest
    std::uint16_t kind = 0;
    ByteWriter block;
    bool last = false;
    Manifest manifest;
    std::size_t retained = 0;
  };
  /// What is done one after the other.
  struct Strand {
    std::deque<Item> items;
    bool taken = false;  // a thread is at one of its items
  };
  void Push(Strand* strand, Item item);
  void Run(Item& item);
  Status Create(const std::string& path, std::unique_ptr<BlockFileWriter>* writer);
  void Finish(Upload& upload);

  CheckpointStore* store_;
  const Clock* clock_;
  const std::string run_;
  const Compression compression_;
  std::function<void()> on_room_;
  std::atomic<std::int64_t> waiting_{0};  // bytes
  std::mutex mutex_;
  std::condition_variable work_, news_;
  std::map<TaskId, Strand> tasks_;     // guarded by the mutex
  Strand manifests_;                   // guarded by the mutex
  std::deque<Strand*> ready_;          // have items and are not taken; guarded by the mutex
  bool stopped_ = false;               // guarded by the mutex
  bool interrupted_ = false;           // guarded by the mutex
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
