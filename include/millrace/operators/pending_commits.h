#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/io/bytes.h"

namespace millrace {

/// What a sink's writer has prepared and not committed yet, by the checkpoint that it was prepared for, oldest first.
class PendingCommits {
 public:
  /// Of what is prepared at the end of a job without checkpoints.
  static constexpr std::int64_t kEndOfJob = INT64_MAX;

  void Add(std::int64_t checkpoint, std::vector<std::string> committables);
  /// Everything, for a checkpoint: after a restore it is committed, or once more.
  ByteWriter Encoded() const;
  /// Appends what Encoded gave. False when the bytes are none of its.
  static bool Decode(std::string_view bytes, std::vector<std::string>* committables);

  /// Calls `commit(committables)` for each checkpoint up to `through`, in order. What throws stays, with all behind it.
  template <class F>
  void CommitThrough(std::int64_t through, F commit) {
    while (!prepared_.empty() && prepared_.front().checkpoint <= through) {
      commit(std::as_const(prepared_.front().committables));
      prepared_.pop_front();
    }
  }
  bool empty() const { return prepared_.empty(); }

 private:
  struct Prepared {
    std::int64_t checkpoint = 0;
    std::vector<std::string> committables;
  };
  std::deque<Prepared> prepared_;
};

}  // namespace millrace
