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
///
/// Small snapshots share a file, a pack: those of a checkpoint that have ended when a thread gets to them. One pack is written at a time,
/// so that those that end meanwhile go into the next one together; a slow one holds up other small ones, whose checkpoint waits for it
/// anyway.
class SnapshotUploads final : public SnapshotTarget {
 public:
  /// Files are tasks/RUN-v0-s1-c17.snapshot in the store's folder, and packs tasks/RUN-v0-s1-c17-pack.snapshot by their first part; `run` is
  /// this run's own. Snapshots of less than `pack_below` bytes share packs. The others outlive it.
  SnapshotUploads(CheckpointStore* store, const Clock* clock, std::string run,
                  Compression compression = Compression::kNone, std::int64_t pack_below = 0);
  ~SnapshotUploads() override;

  std::unique_ptr<SnapshotFile> Begin(TaskId task, std::int64_t checkpoint) override;
  void OnDeclined(TaskId task, std::int64_t checkpoint, const std::string& why) override;
  void OnEnded(TaskId task) override;
  bool Crowded() const override { return waiting() > kCrowded; }
  /// Bytes of blocks that wait to be written. Without those of a snapshot that may still become a small one: until it ends, nobody can
  /// write them, and nobody waits for that.
  std::int64_t waiting() const { return waiting_.load(std::memory_order_relaxed); }
  /// Called by RunOne and GiveUp when it is crowded no longer. Before the first call of any other.
  void SetOnRoom(std::function<void()> on_room) { on_room_ = std::move(on_room); }

  /// Checkpoints up to this one have come to their end, those that are not complete were given up: what still waits of them is
  /// dropped, and what tasks still add. Such a file counts as lost; its task is told when it begins the next one. A file of which only
  /// the end is missing is ended, and one on which a younger, wanted one of its task may build is written. Any thread.
  void GiveUp(std::int64_t through);

  /// A complete checkpoint. Then only the newest `retained` ones are kept.
  void WriteManifest(Manifest manifest, std::size_t retained);
  /// No manifest waits or is being written, and no older one is being removed.
  bool ManifestsAtRest();

  // --- any thread, several at once

  /// Writes some blocks of a file, or ends one, or writes a pack or a manifest. False when nothing waits.
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
  // Bytes. What waits should still be in the caches; a pack stays as long as one of its parts is needed.
  static constexpr std::int64_t kCrowded = 4 << 20, kMostOfPack = 4 << 20, kMostAtOnce = 2 << 20;
  class File;
  struct Block;
  struct Upload;
  struct Strand;
  struct Work;
  void Add(Upload* upload, Block block);
  void End(Upload* upload, std::int64_t oldest, const SnapshotTimes& times);
  /// Nothing follows, and it is not whole.
  void Abandon(Upload* upload);
  void OnWritten(std::int64_t bytes);

  // With the mutex held.
  /// Puts the strand where its work says, or takes it from there; `first`: it is the next to be taken.
  void Consider(Strand* strand, bool first);
  bool HasWork() const { return !ready_.empty() || (!packing_ && !small_.empty()); }
  /// The oldest small snapshot that waits, and others of its checkpoint.
  void TakePack(Work* work);
  /// The bytes that waited.
  static std::int64_t Drop(Upload* upload, std::deque<Block>* dropped);
  static void ForgetDropped(Strand* strand);

  // Of a thread that has taken a strand.
  Work Take();
  void Run(Work& work);
  void RunManifest(const Manifest& manifest, std::size_t retained);
  Status Create(const std::string& name, std::unique_ptr<BlockFileWriter>* writer);
  template <class Blocks>
  static Status WriteAll(const Blocks& blocks, BlockFileWriter& writer);
  void Finish(Upload& upload);
  SnapshotEvent EventOf(const Upload& upload) const;
  void RunPack(Work& work);
  Status WritePack(const std::vector<std::shared_ptr<Upload>>& parts,
                   std::vector<Manifest::File>* files);
  void Release(Work& work);

  CheckpointStore* store_;
  const Clock* clock_;
  const std::string run_;
  const Compression compression_;
  const std::int64_t pack_below_;
  std::function<void()> on_room_;
  std::atomic<std::int64_t> waiting_{0};  // bytes
  std::mutex mutex_;
  std::condition_variable work_, news_;
  // Guarded by the mutex, from here on.
  std::map<TaskId, std::unique_ptr<Strand>> tasks_;
  std::unique_ptr<Strand> manifests_;
  std::deque<Strand*> ready_;  // there is work in them, and no thread is at it
  std::deque<Strand*> small_;  // a small snapshot comes next in them
  bool packing_ = false;       // a thread writes a pack
  std::int64_t given_up_ = 0;  // this checkpoint and older ones
  bool stopped_ = false;
  bool interrupted_ = false;
  std::vector<SnapshotEvent> events_;
};

/// How a task's snapshot file numbers the blocks of its operators: `op` from 0.
inline constexpr std::uint16_t kSnapshotKinds = 32;
inline constexpr std::size_t kMostOperatorsOfTask = 0xff00 / kSnapshotKinds;
inline std::uint16_t BlockKindOf(std::size_t op, SnapshotBlock kind) {
  MILLRACE_CHECK(op < kMostOperatorsOfTask, "a task of so many operators has no snapshot file");
  return static_cast<std::uint16_t>(op * kSnapshotKinds + static_cast<std::uint16_t>(kind));
}

}  // namespace millrace
