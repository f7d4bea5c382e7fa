#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "millrace/base/memory.h"

namespace millrace {

/// Charges what the keyed state of one operator's subtask holds outside its tables: texts, lists, maps, accumulators,
/// timers. (The tables charge their own rows.) Belongs to the task's thread.
///
/// Measuring means to walk over all rows, so it is done when it matters: when as many bytes of input have come as might
/// matter, the process is asked how much it occupies, and only when that has grown the rows are walked. State that is
/// known to grow (Grow) is charged at once, and measured before it fails a job.
class StateMeter {
 public:
  using Measure = std::function<std::uint64_t()>;  // bytes held outside tables, exactly

  StateMeter(MemoryAccount* memory, Measure measure)
      : memory_(memory),
        measure_(std::move(measure)),
        input_quantum_(memory == nullptr ? INT64_MAX : memory->limit() / 64) {}
  ~StateMeter() { Set(0); }
  StateMeter(const StateMeter&) = delete;
  StateMeter& operator=(const StateMeter&) = delete;

  /// A state has grown (or, negative, shrunk) by about so much. May throw MemoryExceeded.
  void Grow(std::int64_t bytes) {
    unsettled_ += bytes;
    if (unsettled_ > kSlice || unsettled_ < -kSlice) [[unlikely]]
      Settle();
  }
  /// A batch of about so many bytes was processed; any part of it may be in state now. May throw MemoryExceeded.
  void OnInput(std::int64_t bytes) {
    input_ += bytes;
    if (input_ > input_quantum_) [[unlikely]]
      LookAtProcess();
  }
  /// What is held outside tables, as far as it is known.
  std::int64_t charged() const { return charged_; }

 private:
  static constexpr std::int64_t kSlice = 64 * 1024;

  void Settle();
  void LookAtProcess();
  void MeasureNow();
  /// Makes `bytes` the charge; never throws.
  void Set(std::int64_t bytes);

  MemoryAccount* memory_;
  const Measure measure_;
  const std::int64_t input_quantum_;
  std::int64_t charged_ = 0;
  std::int64_t unsettled_ = 0;
  std::int64_t input_ = 0;
  std::int64_t resident_ = 0;  // of the process, when it was measured last
};

}  // namespace millrace
