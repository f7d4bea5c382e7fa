#pragma once

#include <cstdint>

namespace millrace {

/// Decides when a step of a slot has lasted too long: 100 ms that are the step's own doing. Pure; fed by the supervisor.
///
/// Time on the wall alone would accuse user code on every busy machine: a thread that waits for a processor does nothing
/// wrong. The processor's time alone would miss a step that sleeps, waits for a lock or for a server. So both count:
/// the processor time that the thread has used, and the time during which it was found blocked. Time in which it could run
/// and did not get a processor counts for nobody. What happened before the step was first seen is not known and not
/// counted, so that the warning comes a little late, never early.
class StepWatch {
 public:
  static constexpr std::int64_t kLimitNanos = 100 * 1000000;

  struct Look {
    std::int64_t now = 0;
    std::int64_t step_began = 0;  // 0: no step
    std::int64_t cpu = 0;         // of the slot's thread, since it began
    bool blocked = false;         // it sleeps, or waits for a device
  };
  /// True once per step, when it has become too long.
  bool OnLook(const Look& look) {
    if (look.step_began == 0 || look.step_began != step_) {
      step_ = look.step_began;
      own_ = 0;
      warned_ = false;
    } else {
      const std::int64_t passed = look.now - seen_;
      // A look is a sample: what is blocked now counts as blocked since the last one, where it did not run.
      const std::int64_t ran = look.cpu - cpu_ < passed ? look.cpu - cpu_ : passed;
      own_ += look.blocked ? passed : ran;
    }
    seen_ = look.now;
    cpu_ = look.cpu;
    if (step_ == 0 || warned_ || own_ < kLimitNanos) return false;
    warned_ = true;
    return true;
  }

 private:
  std::int64_t step_ = 0;
  std::int64_t seen_ = 0;
  std::int64_t cpu_ = 0;
  std::int64_t own_ = 0;
  bool warned_ = false;
};

}  // namespace millrace
