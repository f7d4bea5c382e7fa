#include "runtime/checkpoint/snapshot_uploads.h"

#include <chrono>
#include <utility>

#include "src/base/fail_point.h"

namespace millrace {

/// A file on its way. `writer` and `status` belong to the thread that has its task's strand.
struct SnapshotUploads::Upload {
  TaskId task;
  std::int64_t checkpoint = 0;
  std::int64_t oldest = 0;
  SnapshotTimes times;
  std::int64_t handed_over = 0;  // the clock's reading when the last block was
  std::string name;
  std::unique_ptr<BlockFileWriter> writer;
  Status status;
};

/// The task's end of it.
class SnapshotUploads::File final : public SnapshotFile {
 public:
  File(SnapshotUploads* uploads, Strand* strand, std::shared_ptr<Upload> upload)
      : uploads_(uploads), strand_(strand), upload_(std::move(upload)) {}
  void Add(std::size_t op, SnapshotBlock kind, ByteWriter block) override {
    Item item;
    item.upload = upload_;
    item.kind = BlockKindOf(op, kind);
    item.block = std::move(block);
    uploads_->Push(strand_, std::move(item));
  }
  void End(std::int64_t oldest, const SnapshotTimes& times) override {
    upload_->oldest = oldest;  // read after the last item was taken
    upload_->times = times;
    upload_->handed_over = uploads_->clock_->NowNanos();
    Item item;
    item.upload = std::move(upload_);
    item.last = true;
    uploads_->Push(strand_, std::move(item));
  }

 private:
  SnapshotUploads* uploads_;
  Strand* strand_;
  std::shared_ptr<Upload> upload_;
};

SnapshotUploads::SnapshotUploads(CheckpointStore* store, const Clock* clock, std::string run,
                                 Compression compression)
    : store_(store), clock_(clock), run_(std::move(run)), compression_(compression) {}

SnapshotUploads::~SnapshotUploads() = default;

std::unique_ptr<SnapshotFile> SnapshotUploads::Begin(TaskId task, std::int64_t checkpoint) {
  auto upload = std::make_shared<Upload>();
  upload->task = task;
  upload->checkpoint = checkpoint;
  upload->name = "tasks/" + run_ + "-v" + std::to_string(task.vertex) + "-s" +
                 std::to_string(task.subtask) + "-c" + std::to_string(checkpoint) + ".snapshot";
  const std::lock_guard lock(mutex_);
  return std::make_unique<File>(this, &tasks_[task], std::move(upload));
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
  Item item;
  item.manifest = std::move(manifest);
  item.retained = retained;
  Push(&manifests_, std::move(item));
}

bool SnapshotUploads::ManifestsAtRest() {
  const std::lock_guard lock(mutex_);
  return !manifests_.taken && manifests_.items.empty();
}

void SnapshotUploads::Push(Strand* strand, Item item) {
  waiting_.fetch_add(static_cast<std::int64_t>(item.block.size()), std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  strand->items.push_back(std::move(item));
  if (strand->taken || strand->items.size() > 1) return;
  ready_.push_back(strand);
  work_.notify_one();
}

void SnapshotUploads::Tell(SnapshotEvent event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  news_.notify_one();
}

bool SnapshotUploads::RunOne() {
  Item item;
  Strand* strand = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (ready_.empty()) return false;
    strand = ready_.front();
    ready_.pop_front();
    strand->taken = true;
    item = std::move(strand->items.front());
    strand->items.pop_front();
  }
  const auto bytes = static_cast<std::int64_t>(item.block.size());
  Run(item);
  {
    const std::lock_guard lock(mutex_);
    strand->taken = false;
    if (!strand->items.empty()) ready_.push_front(strand);  // a file that was begun is ended first
    if (strand == &manifests_) {  // whoever waits for their rest looks again
      interrupted_ = true;
      news_.notify_one();
    }
  }
  const std::int64_t before = waiting_.fetch_sub(bytes, std::memory_order_relaxed);
  if (before > kCrowded && before - bytes <= kCrowded && on_room_) on_room_();
  return true;
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

void SnapshotUploads::Run(Item& item) {
  if (item.upload == nullptr) {
    SnapshotEvent event;
    event.kind = SnapshotEvent::Kind::kManifest;
    event.checkpoint = item.manifest.id;
    event.status = store_->Write(item.manifest);
    const bool written = event.status.ok();
    Tell(std::move(event));
    if (written) store_->Retain(item.retained);
    return;
  }
  Upload& upload = *item.upload;
  if (upload.writer == nullptr && upload.status.ok()) {
    const std::string path = JoinPath(store_->folder(), upload.name);
    upload.status = Create(path, &upload.writer);
  }
  if (item.last) {
    Finish(upload);
  } else if (upload.status.ok()) {
    upload.status = AtFailPoint(FailPoint::kUploadWrite);
    if (upload.status.ok()) upload.status = upload.writer->Add(item.kind, item.block.view());
  }
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
