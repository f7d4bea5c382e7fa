#include "runtime/checkpoint/snapshot_uploads.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include "runtime/checkpoint/pack/snapshot_pack.h"
#include "src/base/fail_point.h"
#include "src/io/write_blocks.h"

namespace millrace {

struct SnapshotUploads::Block {
  std::uint16_t kind = 0;
  ByteWriter bytes;
  std::optional<std::uint32_t> checksum;  // of bytes that will be written as they are
};

/// A file on its way.
struct SnapshotUploads::Upload {
  TaskId task;
  std::int64_t checkpoint = 0;
  std::string name;  // of its file, as far as those of all kinds begin alike
  Strand* strand = nullptr;
  // Of the thread that has the strand.
  std::unique_ptr<BlockFileWriter> writer;
  Status status;
  // Guarded by the mutex.
  std::deque<Block> blocks;  // that wait to be written
  std::int64_t bytes = 0;    // of all that were added
  bool large = false;        // it gets a file of its own
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
  enum class State {
    kIdle,   // nothing can be done
    kReady,  // a block, the end of a file, or a manifest
    kSmall,  // a part of a pack
    kTaken   // a thread is at it
  };
  static bool HasBlock(const std::shared_ptr<Upload>& upload) {
    return upload->large && !upload->blocks.empty();
  }
  State Wanted() const {
    const bool ends = !uploads.empty() && uploads.front()->ended;
    if (ends && !uploads.front()->large && !uploads.front()->given_up) return State::kSmall;
    const bool ready =
        ends || !manifests.empty() || std::any_of(uploads.begin(), uploads.end(), HasBlock);
    return ready ? State::kReady : State::kIdle;
  }

  std::deque<std::shared_ptr<Upload>> uploads;  // in the order in which they are ended
  std::deque<ManifestOrder> manifests;
  State state = State::kIdle;
  bool lost = false;  // something was dropped, and the task does not know
};

/// What a thread has taken: some blocks, the end of a file, a manifest, or the parts of a pack.
struct SnapshotUploads::Work {
  Strand* strand = nullptr;  // null: a pack, or nothing
  std::shared_ptr<Upload> upload;
  std::vector<Block> blocks;
  bool given_up = false;
  Strand::ManifestOrder manifest;
  std::vector<std::shared_ptr<Upload>> parts;
  std::int64_t bytes = 0;  // that have waited
};

/// The task's end of it.
class SnapshotUploads::File final : public SnapshotFile {
 public:
  File(SnapshotUploads* uploads, std::shared_ptr<Upload> upload, bool base_lost)
      : uploads_(uploads), upload_(std::move(upload)), base_lost_(base_lost) {}
  /// Of a task that goes in the middle of it.
  ~File() override {
    if (upload_ != nullptr) uploads_->Abandon(upload_.get());
  }
  bool base_lost() const override { return base_lost_; }
  void Add(std::size_t op, SnapshotBlock kind, ByteWriter bytes) override {
    Block block{BlockKindOf(op, kind), std::move(bytes), std::nullopt};
    // Here, where they have just been written.
    if (uploads_->compression_ == Compression::kNone)
      block.checksum = BlockFileWriter::Checksum(block.kind, block.bytes.view());
    at_ += BlockFileWriter::kBlockHeaderBytes + block.bytes.size();
    uploads_->Add(upload_.get(), std::move(block));
  }
  /// In a file of its own, and if nothing is compressed; else bytes are copied, wherever they stand.
  std::size_t NextPhase() const override {
    return (at_ + BlockFileWriter::kBlockHeaderBytes) % ByteWriter::kPage;
  }
  void End(std::int64_t oldest, const SnapshotTimes& times) override {
    uploads_->End(upload_.get(), oldest, times);
    upload_ = nullptr;
  }

 private:
  SnapshotUploads* uploads_;
  std::shared_ptr<Upload> upload_;
  const bool base_lost_;
  std::size_t at_ = BlockFileWriter::kHeaderBytes;  // where the next block goes
};

SnapshotUploads::SnapshotUploads(CheckpointStore* store, const Clock* clock, std::string run,
                                 Compression compression, std::int64_t pack_below)
    : store_(store),
      clock_(clock),
      run_(std::move(run)),
      compression_(compression),
      pack_below_(pack_below),
      manifests_(std::make_unique<Strand>()) {}

SnapshotUploads::~SnapshotUploads() = default;

std::unique_ptr<SnapshotFile> SnapshotUploads::Begin(TaskId task, std::int64_t checkpoint) {
  auto upload = std::make_shared<Upload>();
  upload->task = task;
  upload->checkpoint = checkpoint;
  upload->name = "tasks/" + run_ + "-v" + std::to_string(task.vertex) + "-s" +
                 std::to_string(task.subtask) + "-c" + std::to_string(checkpoint);
  upload->large = pack_below_ == 0;
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Strand>& strand = tasks_[task];
  if (strand == nullptr) strand = std::make_unique<Strand>();
  upload->strand = strand.get();
  upload->given_up = checkpoint <= given_up_;
  const bool base_lost = std::exchange(strand->lost, upload->given_up);
  strand->uploads.push_back(upload);
  return std::make_unique<File>(this, std::move(upload), base_lost);
}

void SnapshotUploads::Add(Upload* upload, Block block) {
  const std::lock_guard lock(mutex_);
  if (upload->given_up) return;
  const auto bytes = static_cast<std::int64_t>(block.bytes.size());
  upload->bytes += bytes;
  upload->blocks.push_back(std::move(block));
  if (upload->large) {
    waiting_.fetch_add(bytes, std::memory_order_relaxed);
  } else if (upload->bytes >= pack_below_) {
    upload->large = true;
    waiting_.fetch_add(upload->bytes, std::memory_order_relaxed);
  }
  Consider(upload->strand, false);
}

void SnapshotUploads::End(Upload* upload, std::int64_t oldest, const SnapshotTimes& times) {
  const std::lock_guard lock(mutex_);
  upload->oldest = oldest;
  upload->times = times;
  upload->handed_over = clock_->NowNanos();
  upload->ended = true;
  if (!upload->large && !upload->given_up)
    waiting_.fetch_add(upload->bytes, std::memory_order_relaxed);
  Consider(upload->strand, false);
}

void SnapshotUploads::Abandon(Upload* upload) {
  std::deque<Block> dropped;
  std::int64_t bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    if (upload->bytes == 0) {  // as if it had not begun
      std::erase_if(upload->strand->uploads, [&](const auto& u) { return u.get() == upload; });
    } else {
      bytes = Drop(upload, &dropped);
      upload->ended = true;
    }
    Consider(upload->strand, false);
  }
  OnWritten(bytes);
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

bool SnapshotUploads::ManifestsAtRest() {
  const std::lock_guard lock(mutex_);
  return manifests_->manifests.empty() && manifests_->state == Strand::State::kIdle;
}

void SnapshotUploads::GiveUp(std::int64_t through) {
  std::deque<Block> dropped;  // its memory is given back without the mutex
  std::int64_t bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    if (through <= given_up_) return;
    given_up_ = through;
    for (const auto& [task, strand] : tasks_) {
      // A younger one that is still wanted builds on them.
      if (strand->uploads.empty() || strand->uploads.back()->checkpoint > through) continue;
      for (const auto& upload : strand->uploads) {
        const bool before = upload->given_up;
        bytes += Drop(upload.get(), &dropped);
        strand->lost |= upload->given_up != before;
      }
      ForgetDropped(strand.get());
      Consider(strand.get(), false);
    }
  }
  OnWritten(bytes);
}

std::int64_t SnapshotUploads::Drop(Upload* upload, std::deque<Block>* dropped) {
  const bool all_but_its_end = upload->begun && upload->ended && upload->blocks.empty();
  if (upload->given_up || all_but_its_end) return 0;
  upload->given_up = true;
  std::int64_t bytes = 0;
  for (const Block& block : upload->blocks) bytes += static_cast<std::int64_t>(block.bytes.size());
  if (!upload->large && !upload->ended) bytes = 0;  // they were not counted
  dropped->insert(dropped->end(), std::make_move_iterator(upload->blocks.begin()),
                  std::make_move_iterator(upload->blocks.end()));
  upload->blocks.clear();
  return bytes;
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
  using State = Strand::State;
  const State wanted = strand->Wanted();
  if (strand->state == State::kTaken || strand->state == wanted) return;
  if (strand->state == State::kReady) std::erase(ready_, strand);
  if (strand->state == State::kSmall) std::erase(small_, strand);
  strand->state = wanted;
  if (wanted == State::kIdle) return;
  std::deque<Strand*>& waiting = wanted == State::kReady ? ready_ : small_;
  if (first) {
    waiting.push_front(strand);
  } else {
    waiting.push_back(strand);
    if (HasWork()) work_.notify_one();
  }
}

void SnapshotUploads::Tell(SnapshotEvent event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  news_.notify_one();
}

bool SnapshotUploads::RunOne() {
  Work work = Take();
  if (work.strand == nullptr && work.parts.empty()) return false;
  WriteBlocks::Process().Grow();  // tasks go on filling blocks while this one writes
  Run(work);
  Release(work);
  OnWritten(work.bytes);
  return true;
}

SnapshotUploads::Work SnapshotUploads::Take() {
  Work work;
  const std::lock_guard lock(mutex_);
  if (!packing_ && !small_.empty()) TakePack(&work);
  if (!work.parts.empty() || ready_.empty()) return work;
  work.strand = ready_.front();
  ready_.pop_front();
  Strand& strand = *work.strand;
  strand.state = Strand::State::kTaken;
  if (!strand.manifests.empty()) {
    work.manifest = std::move(strand.manifests.front());
    strand.manifests.pop_front();
    return work;
  }
  const auto with_block =
      std::find_if(strand.uploads.begin(), strand.uploads.end(), Strand::HasBlock);
  if (with_block != strand.uploads.end()) {
    work.upload = *with_block;
    work.upload->begun = true;
    std::deque<Block>& waiting = work.upload->blocks;
    while (!waiting.empty() && work.bytes < kMostAtOnce) {
      work.bytes += static_cast<std::int64_t>(waiting.front().bytes.size());
      work.blocks.push_back(std::move(waiting.front()));
      waiting.pop_front();
    }
  } else {
    work.upload = std::move(strand.uploads.front());
    strand.uploads.pop_front();
    work.given_up = work.upload->given_up;
  }
  return work;
}

void SnapshotUploads::TakePack(Work* work) {
  packing_ = true;
  const std::int64_t checkpoint = small_.front()->uploads.front()->checkpoint;
  std::erase_if(small_, [&](Strand* strand) {
    const Upload& upload = *strand->uploads.front();
    const bool fits = work->parts.empty() || work->bytes + upload.bytes <= kMostOfPack;
    if (upload.checkpoint != checkpoint || !fits) return false;
    work->bytes += upload.bytes;
    work->parts.push_back(std::move(strand->uploads.front()));
    strand->uploads.pop_front();
    strand->state = Strand::State::kTaken;
    return true;
  });
  if (!ready_.empty()) work_.notify_one();  // who goes on with a file may be the one who took this
}

void SnapshotUploads::Release(Work& work) {
  const std::lock_guard lock(mutex_);
  if (work.strand != nullptr) {
    work.strand->state = Strand::State::kIdle;
    if (work.strand == manifests_.get()) {  // whoever waits for their rest looks again
      interrupted_ = true;
      news_.notify_one();
    }
    return Consider(work.strand, true);  // a file that was begun is ended first
  }
  packing_ = false;
  for (const auto& part : work.parts) {
    part->strand->state = Strand::State::kIdle;
    Consider(part->strand, false);
  }
}

void SnapshotUploads::OnWritten(std::int64_t bytes) {
  const std::int64_t before = waiting_.fetch_sub(bytes, std::memory_order_relaxed);
  if (before > kCrowded && before - bytes <= kCrowded && on_room_) on_room_();
}

void SnapshotUploads::RunUntilStopped() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return stopped_ || HasWork(); });
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
  if (!work.parts.empty()) return RunPack(work);
  if (work.upload == nullptr) return RunManifest(work.manifest.manifest, work.manifest.retained);
  Upload& upload = *work.upload;
  if (work.given_up) {
    // What was written of the file stays, as that of a process that died: a clean-up removes it.
    upload.status = Status::Cancelled("write '" + upload.name + "': given up before it was whole");
  } else if (upload.writer == nullptr && upload.status.ok()) {
    upload.status = Create(upload.name + ".snapshot", &upload.writer);
  }
  if (work.blocks.empty()) return Finish(upload);
  if (upload.status.ok()) upload.status = AtFailPoint(FailPoint::kUploadWrite);
  if (upload.status.ok()) upload.status = WriteAll(work.blocks, *upload.writer);
}

template <class Blocks>
Status SnapshotUploads::WriteAll(const Blocks& blocks, BlockFileWriter& writer) {
  std::vector<BlockFileWriter::Content> contents;
  for (const Block& block : blocks)
    contents.push_back({block.kind, block.bytes.view(), block.checksum});
  return writer.AddAll(contents);
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

Status SnapshotUploads::Create(const std::string& name, std::unique_ptr<BlockFileWriter>* writer) {
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kUploadCreate));
  auto file = store_->CreateSnapshot(name);
  if (!file.ok()) return file.status();
  *writer = std::make_unique<BlockFileWriter>(std::move(file).value(),
                                              JoinPath(store_->folder(), name), compression_);
  return Status::Ok();
}

void SnapshotUploads::Finish(Upload& upload) {
  if (upload.status.ok()) upload.status = AtFailPoint(FailPoint::kUploadFinish);
  if (upload.status.ok()) upload.status = upload.writer->Finish();
  if (upload.status.ok()) upload.status = AtFailPoint(FailPoint::kUploadAcknowledge);
  SnapshotEvent event = EventOf(upload);
  event.file = {upload.name + ".snapshot", upload.checkpoint,
                upload.writer != nullptr ? upload.writer->bytes() : 0};
  Tell(std::move(event));
}

SnapshotEvent SnapshotUploads::EventOf(const Upload& upload) const {
  SnapshotEvent event;
  event.task = upload.task;
  event.checkpoint = upload.checkpoint;
  event.oldest = upload.oldest;
  event.times = upload.times;
  event.upload_nanos = clock_->NowNanos() - upload.handed_over;
  event.status = upload.status;
  return event;
}

void SnapshotUploads::RunPack(Work& work) {
  std::vector<Manifest::File> files;
  const Status status = WritePack(work.parts, &files);
  files.resize(work.parts.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    work.parts[i]->status = status;
    SnapshotEvent event = EventOf(*work.parts[i]);
    event.file = std::move(files[i]);
    Tell(std::move(event));
  }
}

Status SnapshotUploads::WritePack(const std::vector<std::shared_ptr<Upload>>& parts,
                                  std::vector<Manifest::File>* files) {
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kPackCreate));
  const std::string name = parts.front()->name + "-pack.snapshot";
  auto file = store_->CreateSnapshot(name);
  if (!file.ok()) return file.status();
  BlockFileWriter writer(std::move(file).value(), JoinPath(store_->folder(), name), compression_);
  for (const auto& part : parts) {
    MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kPackWrite));
    const PackPart head{part->task, part->checkpoint,
                        static_cast<std::uint32_t>(part->blocks.size())};
    MILLRACE_RETURN_IF_ERROR(writer.Add(kPackPart, head.Encoded().view()));
    const std::uint64_t offset = writer.blocks().back().offset;
    MILLRACE_RETURN_IF_ERROR(WriteAll(part->blocks, writer));
    files->push_back({name, part->checkpoint, writer.bytes() - offset, offset});
  }
  MILLRACE_RETURN_IF_ERROR(AtFailPoint(FailPoint::kPackFinish));
  MILLRACE_RETURN_IF_ERROR(writer.Finish());
  return AtFailPoint(FailPoint::kPackAcknowledge);
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
