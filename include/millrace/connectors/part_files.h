#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/connectors/rolling_policy.h"
#include "millrace/operators/chain/sink_tail.h"

namespace millrace {

/// A part file that is being written, as its writer sees it.
struct OpenPart {
  std::string text;          // written so far, and not in the file yet
  std::size_t spill_at = 0;  // with so many bytes of it PartFiles has to be called
  bool begun = false;        // what stands at a file's beginning was written
  std::string bucket;
};

/// The part files of one subtask of a file sink: which are open, when they roll, what they are called, how they become
/// visible. Used by one thread. Every call throws FileError when files can't be made, written, synced or named.
///
/// A file goes through three names (docs/file_sinks.md), the first two hidden and in the sink's folder, whatever the bucket:
///   .part-0-RUN-7.txt.JOB.inprogress    being written
///   .part-0-RUN-7.txt.JOB.pending       complete and, with checkpoints, durable: a committable has it
///   BUCKET/part-0-RUN-7.txt             committed: whole, and never changed again
/// A sink without buckets in a job without checkpoints replaces what it wrote in an earlier run: part-0.txt, part-0-1.txt ...
class PartFiles {
 public:
  PartFiles(const std::string& folder, std::string suffix, const RollingPolicy& policy,
            bool buckets, const WriterContext& context);
  ~PartFiles();
  PartFiles(PartFiles&&) noexcept;
  PartFiles& operator=(PartFiles&&) = delete;

  /// The bucket's open file if it is the one last used in this step, else null. Valid until the next call.
  OpenPart* Last(std::string_view bucket) const {
    return last_ != nullptr && last_->bucket == bucket ? last_ : nullptr;
  }
  /// The bucket's open file, opened if there is none. Valid until the next call.
  OpenPart& Find(std::string_view bucket);
  /// A record was appended to the part's text.
  void EndRecord(OpenPart& part) {
    if (part.text.size() >= part.spill_at) [[unlikely]]
      Spill(part);
  }
  /// A step of the task ends: time may pass before the next record.
  void EndStep();

  std::vector<std::string> PrepareCommit();
  void Commit(const std::vector<std::string>& committables);
  void AbortLeftovers();
  /// Removes what nobody can commit any more.
  void Close();

  /// What the part files of a sink are called: "files 'folder/part-N.csv'".
  static std::string NamesOf(const std::string& folder, const std::string& suffix);

 private:
  class State;
  /// Writes the part's text into its file; the file rolls when it is full.
  void Spill(OpenPart& part);

  std::unique_ptr<State> state_;
  OpenPart* last_ = nullptr;  // the state's
};

}  // namespace millrace
