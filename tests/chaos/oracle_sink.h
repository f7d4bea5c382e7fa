#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/io/bytes.h"
#include "millrace/operators/chain/sink_tail.h"

namespace millrace::chaos {

/// Stands outside of the job, and of its crashes: the rows that were committed. A commit that is repeated changes nothing.
class Oracle {
 public:
  void Commit(const std::string& committable) {
    ByteReader in(committable);
    std::string_view id, row;
    std::uint32_t count = 0;
    in.GetString(&id);
    in.GetCount(4, &count);
    const std::lock_guard lock(mutex_);
    if (calls_left_ > 0 && --calls_left_ == 0) {
      failed_ = true;
      throw std::runtime_error("the oracle is out");
    }
    if (!committed_.emplace(id).second) return;
    for (; count > 0 && in.GetString(&row); --count) {
      ++rows_[std::string(row)];
      from_[std::string(row)] += " " + std::string(id);
    }
  }
  /// From now on the call-th commit fails; 0: none does.
  void FailAt(int call) { calls_left_ = call; }
  bool failed() const { return failed_; }
  /// How often each row was committed.
  const std::map<std::string, int>& rows() const { return rows_; }
  /// The transactions that had it.
  std::string from(const std::string& row) const { return from_.at(row); }

 private:
  std::mutex mutex_;
  int calls_left_ = 0;                       // guarded by the mutex
  bool failed_ = false;                      // guarded by the mutex
  std::set<std::string> committed_;          // guarded by the mutex
  std::map<std::string, int> rows_;          // guarded by the mutex
  std::map<std::string, std::string> from_;  // guarded by the mutex
};

/// A transactional sink of lines: what was written is in the oracle once its checkpoint is complete.
class OracleSink {
 public:
  explicit OracleSink(Oracle* oracle) : oracle_(oracle) {}

  class Writer {
   public:
    Writer(Oracle* oracle, std::string name) : oracle_(oracle), name_(std::move(name)) {}
    void Write(const std::string& row, EventTime) {
      rows_.PutString(row);
      ++count_;
    }
    std::vector<std::string> PrepareCommit() {
      if (count_ == 0) return {};
      ByteWriter committable;
      committable.PutString(name_ + "-" + std::to_string(++prepared_));
      committable.PutCount(count_);
      committable.PutBytes(rows_.data(), rows_.size());
      rows_.Clear();
      count_ = 0;
      return {std::string(committable.view())};
    }
    void Commit(const std::vector<std::string>& committables) {
      for (const std::string& committable : committables) oracle_->Commit(committable);
    }

   private:
    Oracle* oracle_;
    std::string name_;
    std::uint64_t prepared_ = 0;
    ByteWriter rows_;
    std::size_t count_ = 0;
  };
  Writer CreateWriter(const WriterContext& context) const {
    return {oracle_, context.run + "-" + context.sink_name + "-" + std::to_string(context.subtask)};
  }

 private:
  Oracle* oracle_;
};

}  // namespace millrace::chaos
