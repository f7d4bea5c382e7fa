#include "runtime/checkpoint/scrubber.h"

#include <chrono>
#include <csignal>
#include <utility>

#include "millrace/base/log.h"
#include "runtime/checkpoint/checkpoint_folder.h"

namespace millrace {

Scrubber::Scrubber(FileSystem* files, std::string folder, std::int64_t interval_nanos)
    : files_(files), folder_(std::move(folder)), interval_nanos_(interval_nanos) {
  // It begins before whoever waits for SIGINT and SIGTERM has blocked them: in a thread that does not, they would end the process.
  sigset_t signals, before;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

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

namespace {

/// It has been read, and is not what was written. Else it may be so that it can be read later.
bool IsDamage(StatusCode code) {
  return code == StatusCode::kDataLoss || code == StatusCode::kInvalidArgument ||
         code == StatusCode::kNotFound;
}

}  // namespace

void Scrubber::Look() {
  const auto manifests = ListManifests(*files_, folder_);
  if (!manifests.ok()) {
    Log(kWarn, "checkpoints of '", folder_,
        "' could not be read again: ", manifests.status().message());
    return;
  }
  std::set<std::string> whole;  // most files belong to several checkpoints
  for (const auto& [id, path] : manifests.value()) {
    if (damaged().count(id) > 0) continue;
    const auto manifest = ReadManifest(*files_, path);
    const Status status = manifest.ok() ? VerifyCheckpoint(*files_, folder_, manifest.value(),
                                                           &whole, [this] { return stopped(); })
                                        : manifest.status();
    if (status.ok()) continue;
    if (stopped()) return;
    // It was retained no longer, and went while it was read.
    const auto now = ListManifests(*files_, folder_);
    if (!now.ok() || now.value().count(id) == 0) continue;
    if (!IsDamage(status.code())) {
      Log(kWarn, "checkpoint ", id, " of '", folder_,
          "' could not be read again: ", status.message());
      continue;
    }
    const std::lock_guard lock(mutex_);
    damaged_.insert(id);
    Log(kWarn, "checkpoint ", id, " of '", folder_, "' is damaged: ", status.message(),
        "; nothing can be restored from it (those that share this file are damaged too, later ones "
        "may be whole)");
  }
}

}  // namespace millrace
