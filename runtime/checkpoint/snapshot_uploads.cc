#include "runtime/checkpoint/snapshot_uploads.h"

#include <chrono>
#include <utility>

namespace millrace {

/// A file on its way. `writer` and `status` belong to RunOne's thread.
struct SnapshotUploads::Upload {
  TaskId task;
  std::int64_t checkpoint = 0;
  std::int64_t oldest = 0;
  std::string name;
  std::unique_ptr<BlockFileWriter> writer;
  Status status;
};

/// The task's end of it.
class SnapshotUploads::File final : public SnapshotFile {
 public:
  File(SnapshotUploads* uploads, std::shared_ptr<Upload> upload)
      : uploads_(uploads), upload_(std::move(upload)) {}
  void Add(std::size_t op, SnapshotBlock kind, ByteWriter block) override {
    uploads_->Push({upload_, BlockKindOf(op, kind), std::move(block), false, nullptr, 0});
  }
  void End(std::int64_t oldest) override {
    upload_->oldest = oldest;  // read after the last item was taken
    uploads_->Push({std::move(upload_), 0, {}, true, nullptr, 0});
  }

 private:
  SnapshotUploads* uploads_;
  std::shared_ptr<Upload> upload_;
};

SnapshotUploads::SnapshotUploads(CheckpointStore* store, std::string run)
    : store_(store), run_(std::move(run)) {}

SnapshotUploads::~SnapshotUploads() = default;

std::unique_ptr<SnapshotFile> SnapshotUploads::Begin(TaskId task, std::int64_t checkpoint) {
  auto upload = std::make_shared<Upload>();
  upload->task = task;
  upload->checkpoint = checkpoint;
  upload->name = "tasks/" + run_ + "-v" + std::to_string(task.vertex) + "-s" +
                 std::to_string(task.subtask) + "-c" + std::to_string(checkpoint) + ".snapshot";
  return std::make_unique<File>(this, std::move(upload));
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
  item.manifest = std::make_shared<const Manifest>(std::move(manifest));
  item.retained = retained;
  Push(std::move(item));
}

void SnapshotUploads::Push(Item item) {
  waiting_.fetch_add(static_cast<std::int64_t>(item.block.size()), std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  items_.push_back(std::move(item));
  news_.notify_one();
}

void SnapshotUploads::Tell(SnapshotEvent event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  news_.notify_one();
}

bool SnapshotUploads::RunOne() {
  Item item;
  {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return false;
    item = std::move(items_.front());
    items_.pop_front();
  }
  if (item.manifest != nullptr) {
    SnapshotEvent event;
    event.kind = SnapshotEvent::Kind::kManifest;
    event.checkpoint = item.manifest->id;
    event.status = store_->Write(*item.manifest);
    const bool written = event.status.ok();
    Tell(std::move(event));
    if (written) store_->Retain(item.retained);
    return true;
  }
  Upload& upload = *item.upload;
  if (upload.writer == nullptr && upload.status.ok()) {
    const std::string path = JoinPath(store_->folder(), upload.name);
    auto file = store_->files().Create(path);
    upload.status = file.status();
    if (file.ok()) upload.writer = std::make_unique<BlockFileWriter>(std::move(file).value(), path);
  }
  if (item.last) {
    Finish(upload);
  } else if (upload.status.ok()) {
    upload.status = upload.writer->Add(item.kind, item.block.view());
  }
  waiting_.fetch_sub(static_cast<std::int64_t>(item.block.size()), std::memory_order_relaxed);
  return true;
}

void SnapshotUploads::Finish(Upload& upload) {
  if (upload.status.ok()) upload.status = upload.writer->Finish();
  SnapshotEvent event;
  event.task = upload.task;
  event.checkpoint = upload.checkpoint;
  event.oldest = upload.oldest;
  event.file = {upload.name, upload.checkpoint,
                upload.writer != nullptr ? upload.writer->bytes() : 0};
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
                 [this] { return interrupted_ || !items_.empty() || !events_.empty(); });
  interrupted_ = false;
}

void SnapshotUploads::Interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  news_.notify_one();
}

}  // namespace millrace
