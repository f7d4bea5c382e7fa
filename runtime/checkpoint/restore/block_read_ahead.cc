#include "runtime/checkpoint/restore/block_read_ahead.h"

#include <system_error>
#include <utility>

namespace millrace {

BlockReadAhead::BlockReadAhead(const BlockSource* file, std::vector<BlockEntry> blocks)
    : file_(file), blocks_(std::move(blocks)) {
  std::uint64_t bytes = 0;
  for (const BlockEntry& block : blocks_) bytes += block.bytes;
  if (bytes < kManyBytes) return;
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error&) {  // it is read without one
  }
}

BlockReadAhead::~BlockReadAhead() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void BlockReadAhead::Run() {
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    {
      std::unique_lock lock(mutex_);
      // A slot is free when the block behind its own has been asked for.
      changed_.wait(lock, [&] { return stopped_ || i < asked_ + kSlots - 1; });
      if (stopped_) return;
    }
    Slot& slot = slots_[i % kSlots];
    try {
      slot.status = file_->Read(blocks_[i], &slot.bytes);
    } catch (const std::bad_alloc&) {
      slot.status =
          Status(StatusCode::kResourceExhausted, "read '" + file_->path() + "': out of memory");
    }
    const std::lock_guard lock(mutex_);
    ++read_;
    changed_.notify_all();
  }
}

Status BlockReadAhead::Next(const std::string** bytes) {
  if (!thread_.joinable()) {
    *bytes = &slots_[0].bytes;
    return file_->Read(blocks_[asked_++], &slots_[0].bytes);
  }
  std::unique_lock lock(mutex_);
  const std::size_t i = asked_++;
  changed_.notify_all();
  changed_.wait(lock, [&] { return i < read_; });
  *bytes = &slots_[i % kSlots].bytes;
  return slots_[i % kSlots].status;
}

}  // namespace millrace
