#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

/// What a subtask of a vertex has done for one checkpoint. Times in nanoseconds.
struct SubtaskCheckpoint {
  int vertex = 0;
  int subtask = 0;
  std::int64_t start_delay = 0;   // from the checkpoint's begin until the first barrier was there
  std::int64_t alignment = 0;     // from the first barrier until those of all inputs were there
  std::int64_t snapshot = 0;      // of the task's thread, in slices
  std::int64_t longest = 0;       // of these slices
  std::int64_t step = 0;          // CPU time of its longest step meanwhile; with -D steps=measured
  std::int64_t upload = 0;        // from the last block until the file was durable
  std::int64_t acknowledged = 0;  // from the checkpoint's begin until then
  std::uint64_t bytes = 0;        // written for this checkpoint
  std::uint64_t in_flight = 0;    // of these: records that the barrier has overtaken
  std::uint64_t full_bytes = 0;   // what a restore reads: with the files that it builds on
};

/// A checkpoint that is complete or has failed.
struct CheckpointReport {
  std::int64_t id = 0;
  std::int64_t began_millis = 0;            // since the epoch
  std::int64_t nanos = 0;                   // until it was complete, or given up
  std::string failure;                      // why; empty: it is complete
  std::vector<SubtaskCheckpoint> subtasks;  // those that have acknowledged it

  std::uint64_t bytes() const { return Sum(&SubtaskCheckpoint::bytes); }
  std::uint64_t in_flight() const { return Sum(&SubtaskCheckpoint::in_flight); }
  std::uint64_t full_bytes() const { return Sum(&SubtaskCheckpoint::full_bytes); }

 private:
  std::uint64_t Sum(std::uint64_t SubtaskCheckpoint::* part) const {
    std::uint64_t sum = 0;
    for (const SubtaskCheckpoint& s : subtasks) sum += s.*part;
    return sum;
  }
};

/// The checkpoints of a job, over its restarts.
struct CheckpointHistory {
  std::size_t kept = 10;  // of the newest reports, here and there
  std::uint64_t completed = 0, failed = 0;
  std::int64_t restored = 0;  // the one that the job, or its last attempt, went on from; 0: none
  std::uint64_t local_files = 0, storage_files = 0;  // of that one, by where they were read
  std::deque<CheckpointReport> recent;               // oldest first
  std::deque<CheckpointReport> failures;             // oldest first

  void Add(CheckpointReport report) {
    ++(report.failure.empty() ? completed : failed);
    if (!report.failure.empty()) Keep(report, &failures);
    Keep(std::move(report), &recent);
  }

 private:
  void Keep(CheckpointReport report, std::deque<CheckpointReport>* in) const {
    in->push_back(std::move(report));
    if (in->size() > kept) in->pop_front();
  }
};

}  // namespace millrace
