#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace millrace {

/// A counter with one writer (the task's thread) and any readers. Adding is a plain load and store.
class Counter {
 public:
  void Add(std::uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void Set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// One fused step inside an operator ("Map", "Filter"); added to once per chunk of rows.
struct StepCounters {
  std::string name;
  Counter in;
  Counter out;
};

/// What one subtask of one operator has done. The ledger balances:
/// in = out of its first step's input; records that end in an operator are filtered, late or in state.
struct OperatorCounters {
  Counter in;
  Counter out;
  Counter filtered;        // dropped by a Filter, or outside every window
  Counter late;            // later than allowed: dropped or sent to the late side output
  Counter errors_skipped;  // malformed input that the user chose to count
  Counter overdraft;       // batches beyond the credit
  Counter dynamic_sent;    // bytes of texts and elements in the rows that were sent
  std::atomic<std::int64_t> watermark{INT64_MIN};
  std::vector<std::unique_ptr<StepCounters>> steps;
};

}  // namespace millrace
