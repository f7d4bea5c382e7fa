#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "millrace/connectors/static_splits.h"
#include "millrace/io/record.h"
#include "millrace/operators/source/source_api.h"
#include "millrace/operators/user_error.h"

namespace millrace {

/// A range of indices, as a split.
struct RangeSplit {
  std::int64_t index = 0;  // of the split
  std::int64_t next = 0;
  std::int64_t end = 0;
};
MILLRACE_RECORD(RangeSplit, index, next, end);
namespace internal {
extern template std::string DescribeRecord(const RangeSplit&);  // compiled once
}  // namespace internal

/// The one split [0, end).
std::unique_ptr<SplitEnumerator> OneRange(std::int64_t end);

/// The records of a vector. One split: order is kept.
template <class T>
class CollectionSource {
 public:
  using Record = T;
  using Split = RangeSplit;
  explicit CollectionSource(std::vector<T> records)
      : records_(std::make_shared<const std::vector<T>>(std::move(records))) {}

  std::unique_ptr<SplitEnumerator> CreateEnumerator(int /*parallelism*/) const {
    return OneRange(static_cast<std::int64_t>(records_->size()));
  }

  class Reader {
   public:
    Reader(std::shared_ptr<const std::vector<T>> records, RangeSplit split)
        : records_(std::move(records)), split_(split) {}
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t max_rows) {
      for (std::uint32_t i = 0; i < max_rows && split_.next < split_.end; ++i) {
        out.Emit((*records_)[static_cast<std::size_t>(split_.next++)]);
      }
      return split_.next == split_.end ? PollResult::End() : PollResult::More();
    }
    RangeSplit Position() const { return split_; }

   private:
    std::shared_ptr<const std::vector<T>> records_;
    RangeSplit split_;
  };
  Reader OpenSplit(const RangeSplit& split, const ReaderContext&) const {
    return Reader(records_, split);
  }

 private:
  std::shared_ptr<const std::vector<T>> records_;
};

}  // namespace millrace
