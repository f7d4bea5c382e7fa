#include "runtime/checkpoint/scrubber.h"

#include <chrono>
#include <utility>

#include "millrace/base/log.h"
#include "millrace/storage/block_file.h"
#include "runtime/checkpoint/checkpoint_folder.h"

namespace millrace {

Scrubber::Scrubber(FileSystem* files, std::string folder, std::int64_t interval_nanos)
    : files_(files),
      folder_(std::move(folder)),
      interval_nanos_(interval_nanos),
      thread_([this] { Run(); }) {}

Scrubber::~Scrubber() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    stop_asked_.notify_all();
  }
  thread_.join();
}

std::uint64_t Scrubber::rounds() const {
  const std::lock_guard lock(mutex_);
  return rounds_;
}

std::set<std::int64_t> Scrubber::damaged() const {
  const std::lock_guard lock(mutex_);
  return damaged_;
}

void Scrubber::Run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      stop_asked_.wait_for(lock, std::chrono::nanoseconds(interval_nanos_),
                           [this] { return stopped_; });
      if (stopped_) return;
    }
    Look();
    const std::lock_guard lock(mutex_);
    ++rounds_;
  }
}

bool Scrubber::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

/// CANCELLED when this is to end.
Status Scrubber::Verify(const std::string& path, std::set<std::string>* whole) const {
  const auto manifest = ReadManifest(*files_, path);
  if (!manifest.ok()) return manifest.status();
  std::string bytes;
  for (const Manifest::Vertex& vertex : manifest.value().vertices) {
    for (const Manifest::Chain& chain : vertex.tasks) {
      for (const Manifest::File& file : chain) {
        if (whole->count(file.name) > 0) continue;
        const auto reader = BlockFileReader::Open(*files_, JoinPath(folder_, file.name));
        if (!reader.ok()) return reader.status();
        for (const BlockEntry& block : reader.value().blocks()) {
          if (stopped()) return {StatusCode::kCancelled, "the job ends"};
          MILLRACE_RETURN_IF_ERROR(reader.value().Read(block, &bytes));
        }
        whole->insert(file.name);
      }
    }
  }
  return Status::Ok();
}

void Scrubber::Look() {
  const auto manifests = ListManifests(*files_, folder_);
  if (!manifests.ok()) return;  // the job will say so
  std::set<std::string> whole;  // most files belong to several checkpoints
  for (const auto& [id, path] : manifests.value()) {
    if (damaged().count(id) > 0) continue;
    const Status status = Verify(path, &whole);
    if (status.ok()) continue;
    if (stopped()) return;
    // It was retained no longer, and went while it was read.
    const auto now = ListManifests(*files_, folder_);
    if (!now.ok() || now.value().count(id) == 0) continue;
    if (status.code() == StatusCode::kUnavailable ||
        status.code() == StatusCode::kResourceExhausted) {
      Log(kWarn, "checkpoint ", id, " of '", folder_,
          "' could not be read again: ", status.message());
      continue;  // that may pass
    }
    const std::lock_guard lock(mutex_);
    damaged_.insert(id);
    Log(kWarn, "checkpoint ", id, " of '", folder_, "' is damaged: ", status.message(),
        "; nothing can be restored from it (those that share this file are damaged too, later ones "
        "may be whole)");
  }
}

}  // namespace millrace
