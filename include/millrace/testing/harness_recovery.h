#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/operators/operator.h"
#include "millrace/operators/snapshot.h"

namespace millrace::testing::internal {

/// The snapshots of an operator in a harness, in memory: a chain, as a job's checkpoints would have it.
class HarnessRecovery final : public BlockSink, public OperatorRestore {
 public:
  bool enabled = true;

  /// Between two calls of a test. Begins a snapshot, goes on with one, or asks for a restore: then it is true, and the
  /// newest snapshot is what the operator is now.
  bool Turn(Operator& op) {
    if (!enabled) return false;
    // A large state is not restored at each turn: a call pays for about a KiB of it.
    constexpr std::size_t kPaidByCall = 1024;
    owed_ -= std::min(owed_, kPaidByCall);
    if (open_ != nullptr) {
      Slice(op, 1 + static_cast<std::uint32_t>(random_.Uniform(16)));
      return false;
    }
    if (owed_ > 0) return false;
    switch (random_.Uniform(8)) {
      case 0:
        Begin(op);
        return false;
      case 1:
        Begin(op);
        while (open_ != nullptr) Slice(op, UINT32_MAX);
        owed_ = Bytes();
        return true;
      default:
        return false;
    }
  }
  std::uint64_t restores = 0;

  // BlockSink
  void Take(SnapshotBlock kind, ByteWriter block) override {
    chain_.back().blocks.emplace_back(kind, std::move(block));
  }
  // OperatorRestore
  std::size_t chains() const override { return 1; }
  std::uint32_t length(std::size_t) const override {
    return static_cast<std::uint32_t>(chain_.size());
  }
  std::int64_t oldest(std::size_t) const override { return chain_.front().id; }
  bool same_subtask() const override { return true; }
  Status ForEach(std::size_t, std::uint32_t first, std::optional<SnapshotBlock> wanted,
                 const Visit& visit) const override {
    for (std::uint32_t i = first; i < chain_.size(); ++i) {
      for (const auto& [kind, bytes] : chain_[i].blocks) {
        if (kind == wanted.value_or(kind)) MILLRACE_RETURN_IF_ERROR(visit({i, kind, bytes.view()}));
      }
    }
    return Status::Ok();
  }
  Status ForEachSubtask(
      SnapshotBlock kind,
      const std::function<Status(std::size_t, std::string_view)>& visit) const override {
    return ForEachNewest(*this, kind, visit);
  }

 private:
  std::size_t Bytes() const {
    std::size_t bytes = 0;
    for (const File& file : chain_) {
      for (const auto& [kind, block] : file.blocks) bytes += block.size();
    }
    return bytes;
  }
  struct File {
    std::int64_t id = 0;
    std::vector<std::pair<SnapshotBlock, ByteWriter>> blocks;
  };
  void Begin(Operator& op) {
    chain_.push_back({++last_, {}});
    open_ = std::make_unique<OperatorSnapshot>(last_, this, false);
    op.BeginSnapshot(*open_);
  }
  void Slice(Operator& op, std::uint32_t rows) {
    if (!op.SnapshotSlice(rows)) return;
    const std::int64_t oldest = open_->oldest();
    while (chain_.front().id < oldest) chain_.pop_front();
    open_.reset();
  }

  Random random_{7};
  std::int64_t last_ = 0;
  std::size_t owed_ = 0;  // of the bytes of the last restore
  std::deque<File> chain_;
  std::unique_ptr<OperatorSnapshot> open_;
};

}  // namespace millrace::testing::internal
