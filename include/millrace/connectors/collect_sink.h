#pragma once

#include <atomic>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "millrace/io/value_traits.h"
#include "millrace/operators/chain/sink_tail.h"

namespace millrace {

/// Keeps the records in memory, for tests and small results; read `rows()` after the job has ended. Subtasks hand
/// theirs over when they end, so the order is kept within a subtask only.
///
///   CollectSink<Word> words;
///   stream.SinkTo("words", words);
///   env.Run("job");
///   for (const Word& w : words.rows()) ...
template <class T>
class CollectSink {
  static_assert(!kHasStringView<T>,
                "millrace: CollectSink: T holds a millrace::String, a view of bytes that the job "
                "owns; map to std::string");

 public:
  class Writer {
   public:
    explicit Writer(std::shared_ptr<std::pair<std::atomic_flag, std::vector<T>>> shared)
        : shared_(std::move(shared)) {}
    void Write(const T& record, EventTime) { rows_.push_back(record); }
    void Close() {
      auto& [lock, rows] = *shared_;
      while (lock.test_and_set(std::memory_order_acquire)) lock.wait(true);
      rows.insert(rows.end(), std::make_move_iterator(rows_.begin()),
                  std::make_move_iterator(rows_.end()));
      rows_.clear();
      lock.clear(std::memory_order_release);
      lock.notify_one();
    }

   private:
    std::shared_ptr<std::pair<std::atomic_flag, std::vector<T>>> shared_;
    std::vector<T> rows_;
  };
  Writer CreateWriter(const WriterContext&) const { return Writer(shared_); }
  /// What has been collected; read it when the job has ended. Copies of the sink give the same.
  const std::vector<T>& rows() const { return shared_->second; }
  /// Gives the records away and is empty then.
  std::vector<T> Take() { return std::exchange(shared_->second, {}); }

 private:
  std::shared_ptr<std::pair<std::atomic_flag, std::vector<T>>> shared_ =
      std::make_shared<std::pair<std::atomic_flag, std::vector<T>>>();
};

}  // namespace millrace
