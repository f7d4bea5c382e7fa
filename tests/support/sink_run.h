#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/clock.h"
#include "millrace/operators/chain/sink_tail.h"
#include "millrace/operators/operator.h"

namespace millrace::test_support {

/// What a checkpoint has of a sink: for each subtask the committables that it had prepared.
using SinkCheckpoint = std::vector<std::string>;

/// The same as a subtask's restore reads it: at the same parallelism its own part, else all.
class SinkRestore final : public OperatorRestore {
 public:
  SinkRestore(const SinkCheckpoint& checkpoint, int subtask, int parallelism)
      : same_(checkpoint.size() == static_cast<std::size_t>(parallelism)),
        parts_(same_ ? SinkCheckpoint{checkpoint[static_cast<std::size_t>(subtask)]} : checkpoint) {
  }
  std::size_t chains() const override { return parts_.size(); }
  std::uint32_t length(std::size_t) const override { return 1; }
  std::int64_t oldest(std::size_t) const override { return 1; }
  bool same_subtask() const override { return same_; }
  Status ForEach(std::size_t chain, std::uint32_t, std::optional<SnapshotBlock> kind,
                 const Visit& visit) const override {
    if (kind.value_or(SnapshotBlock::kCommittables) != SnapshotBlock::kCommittables)
      return Status::Ok();
    return visit({0, SnapshotBlock::kCommittables, parts_[chain]});
  }
  Status ForEachSubtask(
      SnapshotBlock, const std::function<Status(std::size_t, std::string_view)>&) const override {
    return Status::Ok();  // a sink asks for none of those
  }

 private:
  bool same_;
  SinkCheckpoint parts_;
};

/// One run of a sink in a job of which nothing else is there: its subtasks, on the test's thread. What goes wrong is thrown. One
/// that is destroyed without Close has died.
template <class T, class Sink>
class SinkRun {
 public:
  struct Setting {
    std::string run = "run";
    std::string job_id = "job";
    int parallelism = 1;
    bool checkpoints = true;
    const SinkCheckpoint* restore = nullptr;
    const Clock* clock = nullptr;
  };

  SinkRun(const Sink& sink, const Setting& setting) {
    for (int i = 0; i < setting.parallelism; ++i)
      subtasks_.push_back(std::make_unique<Subtask>(sink, setting, i));
  }
  int parallelism() const { return static_cast<int>(subtasks_.size()); }

  /// One record, in a step of the task.
  void Write(int subtask, T record, EventTime time = EventTime::Min()) {
    SinkTail<T, Sink>& tail = At(subtask).tail;
    auto cursor = tail.Begin();
    cursor.Push(record, time);
    cursor.End();
    tail.Flush(FlushMode::kIfStarving);
  }
  /// The barrier of a checkpoint has come to all subtasks.
  SinkCheckpoint Prepare(std::int64_t checkpoint) {
    SinkCheckpoint parts;
    for (auto& subtask : subtasks_) {
      Block block;
      OperatorSnapshot snapshot(checkpoint, &block, true);
      subtask->tail.PrepareCommit(snapshot);
      parts.emplace_back(block.bytes.view());
    }
    return parts;
  }
  /// The checkpoint is complete.
  void Commit(std::int64_t checkpoint) {
    for (auto& subtask : subtasks_) subtask->tail.CommitThrough(checkpoint);
  }
  /// The end of a job without checkpoints.
  void End() {
    for (auto& subtask : subtasks_) subtask->tail.EmitEnd();
    Commit(PendingCommits::kEndOfJob);
  }
  void Close() {
    for (auto& subtask : subtasks_) subtask->tail.Close();
  }

 private:
  struct Block final : BlockSink {
    void Take(SnapshotBlock, ByteWriter block) override { bytes = std::move(block); }
    ByteWriter bytes;
  };
  struct Subtask {
    Subtask(const Sink& sink, const Setting& setting, int subtask) : tail(sink) {
      context.job_name = "test";
      context.job_id = setting.job_id;
      context.run = setting.run;
      context.subtask = subtask;
      context.parallelism = setting.parallelism;
      context.clock = setting.clock != nullptr ? setting.clock : &SystemClock::Get();
      context.counters = &counters;
      context.checkpoints = setting.checkpoints;
      counters.steps.push_back(std::make_unique<StepCounters>());
      counters.steps.back()->name = "sink";
      std::optional<SinkRestore> restore;
      if (setting.restore != nullptr)
        context.restore = &restore.emplace(*setting.restore, subtask, setting.parallelism);
      ChainContext chain(context);
      tail.Bind(chain);
      context.restore = nullptr;
    }
    OperatorCounters counters;
    OperatorContext context;
    SinkTail<T, Sink> tail;
  };
  Subtask& At(int subtask) { return *subtasks_[static_cast<std::size_t>(subtask)]; }

  std::vector<std::unique_ptr<Subtask>> subtasks_;
};

}  // namespace millrace::test_support
