#include "runtime/checkpoint/snapshot_uploads.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include "src/base/fail_point.h"

namespace millrace {

struct SnapshotUploads::Block {
  std::uint16_t kind = 0;
  ByteWriter bytes;
};

/// A file on its way.
struct SnapshotUploads::Upload {
  TaskId task;
  std::int64_t checkpoint = 0;
  std::string name;
  Strand* strand = nullptr;
  // Of the thread that has the strand.
  std::unique_ptr<BlockFileWriter> writer;
  Status status;
  // Guarded by the mutex.
  std::deque<Block> blocks;  // that wait to be written
  bool begun = false;        // one of them was taken
  bool ended = false;        // none follows
  bool given_up = false;     // none is written any more
  // When it has ended.
  std::int64_t oldest = 0;
  SnapshotTimes times;
  std::int64_t handed_over = 0;  // the clock's reading then
};

/// What one thread at a time does: the files of a task, or the manifests.
struct SnapshotUploads::Strand {
  struct ManifestOrder {
    Manifest manifest;
    std::size_t retained = 0;
  };
  bool HasWork() const {
    if (!manifests.empty() || (!uploads.empty() && uploads.front()->ended)) return true;
    return std::any_of(uploads.begin(), uploads.end(),
                       [](const auto& upload) { return !upload->blocks.empty(); });
  }

  std::deque<std::shared_ptr<Upload>> uploads;  // in the order in which they are ended
  std::deque<ManifestOrder> manifests;
  enum class State { kIdle, kReady, kTaken } state = State::kIdle;
};

/// What a thread has taken: a block, the end of a file, or a manifest.
struct SnapshotUploads::Work {
  Strand* strand = nullptr;  // null: nothing
  std::shared_ptr<Upload> upload;
  std::optional<Block> block;
  bool given_up = false;
  Strand::ManifestOrder manifest;
};

/// The task's end of it.
class SnapshotUploads::File final : public SnapshotFile {
 public:
  File(SnapshotUploads* uploads, std::shared_ptr<Upload> upload)
      : uploads_(uploads), upload_(std::move(upload)) {}
  void Add(std::size_t op, SnapshotBlock kind, ByteWriter block) override {
    uploads_->Add(upload_.get(), {BlockKindOf(op, kind), std::move(block)});
  }
  void End(std::int64_t oldest, const SnapshotTimes& times) override {
    uploads_->End(upload_.get(), oldest, times);
  }

 private:
  SnapshotUploads* uploads_;
  std::shared_ptr<Upload> upload_;
};

SnapshotUploads::SnapshotUploads(CheckpointStore* store, const Clock* clock, std::string run,
                                 Compression compression)
    : store_(store),
      clock_(clock),
      run_(std::move(run)),
      compression_(compression),
      manifests_(std::make_unique<Strand>()) {}

SnapshotUploads::~SnapshotUploads() = default;

std::unique_ptr<SnapshotFile> SnapshotUploads::Begin(TaskId task, std::int64_t checkpoint) {
  auto upload = std::make_shared<Upload>();
  upload->task = task;
  upload->checkpoint = checkpoint;
  upload->name = "tasks/" + run_ + "-v" + std::to_string(task.vertex) + "-s" +
                 std::to_string(task.subtask) + "-c" + std::to_string(checkpoint) + ".snapshot";
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Strand>& strand = tasks_[task];
  if (strand == nullptr) strand = std::make_unique<Strand>();
  upload->strand = strand.get();
  upload->given_up = checkpoint <= given_up_;
  strand->uploads.push_back(upload);
  return std::make_unique<File>(this, std::move(upload));
}

void SnapshotUploads::Add(Upload* upload, Block block) {
  const std::lock_guard lock(mutex_);
  if (upload->given_up) return;
  waiting_.fetch_add(static_cast<std::int64_t>(block.bytes.size()), std::memory_order_relaxed);
  upload->blocks.push_back(std::move(block));
  Consider(upload->strand, false);
}

void SnapshotUploads::End(Upload* upload, std::int64_t oldest, const SnapshotTimes& times) {
  const std::lock_guard lock(mutex_);
  upload->oldest = oldest;
  upload->times = times;
  upload->handed_over = clock_->NowNanos();
  upload->ended = true;
  Consider(upload->strand, false);
}

void SnapshotUploads::OnDeclined(TaskId task, std::int64_t checkpoint, const std::string& why) {
  SnapshotEvent event;
  event.kind = SnapshotEvent::Kind::kDeclined;
  event.task = task;
  event.checkpoint = checkpoint;
  event.status = Status(StatusCode::kFailedPrecondition, why);
  Tell(std::move(event));
}

void SnapshotUploads::OnEnded(TaskId task) {
  SnapshotEvent event;
  event.kind = SnapshotEvent::Kind::kEnded;
  event.task = task;
  Tell(std::move(event));
}

void SnapshotUploads::WriteManifest(Manifest manifest, std::size_t retained) {
  const std::lock_guard lock(mutex_);
  manifests_->manifests.push_back({std::move(manifest), retained});
  Consider(manifests_.get(), false);
}

void SnapshotUploads::GiveUp(std::int64_t through) {
  std::deque<Block> dropped;  // its memory is given back without the mutex
  {
    const std::lock_guard lock(mutex_);
    if (through <= given_up_) return;
    given_up_ = through;
    for (const auto& [task, strand] : tasks_) {
      for (const auto& upload : strand->uploads) {
        if (upload->checkpoint <= through) Drop(upload.get(), &dropped);
      }
      ForgetDropped(strand.get());
      Consider(strand.get(), false);
    }
  }
  std::int64_t bytes = 0;
  for (const Block& block : dropped) bytes += static_cast<std::int64_t>(block.bytes.size());
  OnWritten(bytes);
}

void SnapshotUploads::Drop(Upload* upload, std::deque<Block>* dropped) {
  const bool all_but_its_end = upload->begun && upload->ended && upload->blocks.empty();
  if (upload->given_up || all_but_its_end) return;
  upload->given_up = true;
  dropped->insert(dropped->end(), std::make_move_iterator(upload->blocks.begin()),
                  std::make_move_iterator(upload->blocks.end()));
  upload->blocks.clear();
}

void SnapshotUploads::ForgetDropped(Strand* strand) {
  // When the next one is lost, too, that says it all. So that few wait behind a sync that takes long.
  auto& uploads = strand->uploads;
  for (std::size_t i = 0; i + 1 < uploads.size();) {
    const Upload& upload = *uploads[i];
    const bool goes = upload.given_up && upload.ended && !upload.begun && uploads[i + 1]->given_up;
    if (!goes) {
      ++i;
      continue;
    }
    uploads.erase(uploads.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void SnapshotUploads::Consider(Strand* strand, bool first) {
  const bool work = strand->HasWork();
  if (strand->state == Strand::State::kReady && !work) {
    std::erase(ready_, strand);
    strand->state = Strand::State::kIdle;
  } else if (strand->state == Strand::State::kIdle && work) {
    strand->state = Strand::State::kReady;
    if (first) {
      ready_.push_front(strand);
    } else {
      ready_.push_back(strand);
      work_.notify_one();
    }
  }
}

void SnapshotUploads::Tell(SnapshotEvent event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  news_.notify_one();
}

bool SnapshotUploads::RunOne() {
  Work work = Take();
  if (work.strand == nullptr) return false;
  const std::int64_t bytes =
      work.block.has_value() ? static_cast<std::int64_t>(work.block->bytes.size()) : 0;
  Run(work);
  {
    const std::lock_guard lock(mutex_);
    work.strand->state = Strand::State::kIdle;
    Consider(work.strand, true);  // a file that was begun is ended first
  }
  OnWritten(bytes);
  return true;
}

SnapshotUploads::Work SnapshotUploads::Take() {
  Work work;
  const std::lock_guard lock(mutex_);
  if (ready_.empty()) return work;
  work.strand = ready_.front();
  ready_.pop_front();
  Strand& strand = *work.strand;
  strand.state = Strand::State::kTaken;
  if (!strand.manifests.empty()) {
    work.manifest = std::move(strand.manifests.front());
    strand.manifests.pop_front();
    return work;
  }
  const auto with_block = std::find_if(strand.uploads.begin(), strand.uploads.end(),
                                       [](const auto& upload) { return !upload->blocks.empty(); });
  if (with_block != strand.uploads.end()) {
    work.upload = *with_block;
    work.upload->begun = true;
    work.block = std::move(work.upload->blocks.front());
    work.upload->blocks.pop_front();
  } else {
    work.upload = std::move(strand.uploads.front());
    strand.uploads.pop_front();
    work.given_up = work.upload->given_up;
  }
  return work;
}

void SnapshotUploads::OnWritten(std::int64_t bytes) {
  const std::int64_t before = waiting_.fetch_sub(bytes, std::memory_order_relaxed);
  if (before > kCrowded && before - bytes <= kCrowded && on_room_) on_room_();
}

void SnapshotUploads::RunUntilStopped() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return stopped_ || !ready_.empty(); });
      if (stopped_) return;
    }
    RunOne();
  }
}

void SnapshotUploads::StopRunning() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  work_.notify_all();
}

void SnapshotUploads::Run(Work& work) {
  if (work.upload == nullptr) return RunManifest(work.manifest.manifest, work.manifest.retained);
  Upload& upload = *work.upload;
  if (work.given_up) {
    // What was written of the file stays, as that of a process that died: a clean-up removes it.
    upload.status = Status::Cancelled("its checkpoint was given up");
  } else if (upload.writer == nullptr && upload.status.ok()) {
    upload.status = Create(JoinPath(store_->folder(), upload.name), &upload.writer);
  }
  if (!work.block.has_value()) return Finish(upload);
  if (upload.status.ok()) upload.status = AtFailPoint(FailPoint::kUploadWrite);
  if (upload.status.ok())
    upload.status = upload.writer->Add(work.block->kind, work.block->bytes.view());
}

void SnapshotUploads::RunManifest(const Manifest& manifest, std::size_t retained) {
  SnapshotEvent event;
  event.kind = SnapshotEvent::Kind::kManifest;
  event.checkpoint = manifest.id;
  event.status = store_->Write(manifest);
  const bool written = event.status.ok();
  Tell(std::move(event));
  if (written) store_->Retain(retained);
}

Status SnapshotUploads::Create(const std::string& path, std::unique_ptr<BlockFileWriter>* writer) {
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kUploadCreate));
  auto file = store_->files().CreateLarge(path);
  if (!file.ok()) return file.status();
  *writer = std::make_unique<BlockFileWriter>(std::move(file).value(), path, compression_);
  return Status::Ok();
}

void SnapshotUploads::Finish(Upload& upload) {
  if (upload.status.ok()) upload.status = AtFailPoint(FailPoint::kUploadFinish);
  if (upload.status.ok()) upload.status = upload.writer->Finish();
  if (upload.status.ok()) upload.status = AtFailPoint(FailPoint::kUploadAcknowledge);
  SnapshotEvent event;
  event.task = upload.task;
  event.checkpoint = upload.checkpoint;
  event.oldest = upload.oldest;
  event.file = {upload.name, upload.checkpoint,
                upload.writer != nullptr ? upload.writer->bytes() : 0};
  event.times = upload.times;
  event.upload_nanos = clock_->NowNanos() - upload.handed_over;
  event.status = upload.status;
  Tell(std::move(event));
}

std::vector<SnapshotEvent> SnapshotUploads::TakeEvents() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

void SnapshotUploads::Wait(std::int64_t nanos) {
  std::unique_lock lock(mutex_);
  news_.wait_for(lock, std::chrono::nanoseconds(nanos),
                 [this] { return interrupted_ || !events_.empty(); });
  interrupted_ = false;
}

void SnapshotUploads::Interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  news_.notify_one();
}

}  // namespace millrace
