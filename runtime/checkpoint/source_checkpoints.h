#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/base/status.h"

namespace millrace {

/// The part that a source has in checkpoints besides its readers: the splits that no reader has taken.
class SourceCheckpoints {
 public:
  virtual ~SourceCheckpoints() = default;
  /// Before the readers hear of the checkpoint. May throw what user code throws.
  virtual std::string BeginCheckpoint(std::int64_t checkpoint) = 0;
  /// It is complete or given up.
  virtual void EndCheckpoint(std::int64_t checkpoint) = 0;
  /// What BeginCheckpoint gave, at any parallelism; before the readers ask.
  virtual Status Restore(std::string_view bytes) = 0;
};

}  // namespace millrace
