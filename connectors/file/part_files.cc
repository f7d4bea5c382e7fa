#include "millrace/connectors/part_files.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "connectors/file/commit_files.h"
#include "connectors/file/part_names.h"
#include "millrace/base/log.h"
#include "millrace/connectors/text_files.h"
#include "millrace/storage/file_system.h"
#include "src/base/fail_point.h"

namespace millrace {
namespace {

// Text is written into files in blocks. One file: 64 KiB measured 4 ns a record slower. Many: their memory adds up.
constexpr std::int64_t kBlock = 256 * 1024;
constexpr std::int64_t kBlockOfBucket = 64 * 1024;

void ThrowIfFailed(const char* what, const Status& status) {
  if (!status.ok()) throw FileError(std::string(what) + ": " + status.message());
}

struct Part : OpenPart {
  std::string name;  // once it is finished; in the bucket
  std::unique_ptr<WritableFile> file;
  std::int64_t bytes = 0;                // in the file
  std::int64_t seen = 0;                 // bytes and text when PartFiles last looked at the clock
  std::int64_t opened = 0, written = 0;  // clock readings in milliseconds
};

}  // namespace

/// What there is of them besides the part last used.
class PartFiles::State {
 public:
  State(const std::string& folder, std::string suffix, const RollingPolicy& policy, bool buckets,
        const WriterContext& context);

  Part* last() const { return last_; }
  Part& Find(std::string_view bucket);
  /// Writes the part's text into its file; the file rolls when it is full.
  void Spill(Part& part);
  void EndStep() {
    if (!policy_.looks_at_time()) return;
    LookAtTime();
    look_due_ = true;
    last_ = nullptr;  // so that Find is called
  }
  std::vector<std::string> PrepareCommit();
  void Commit(const std::vector<std::string>& committables);
  void AbortLeftovers();
  void Close();

 private:
  Part& Open(std::string_view bucket);
  std::string HiddenPath(const std::string& name, const char* stage) const;
  void WriteText(Part& part);
  /// Files that are due by time roll.
  void LookAtTime();
  /// Completes the file and takes the part away.
  void Roll(Part& part);
  void RemoveOlder() const;

  FileSystem* files_ = nullptr;
  std::string
      location_;  // the sink's folder, with its scheme, absolute: what a committable names it by
  std::string folder_;  // within `files_`
  std::string suffix_;
  RollingPolicy policy_;
  std::int64_t block_;  // bytes of text at which they are written
  WriterContext context_;
  bool replaces_;                                                   // the files of an earlier run
  std::map<std::string, std::unique_ptr<Part>, std::less<>> open_;  // by bucket
  Part* last_ = nullptr;
  bool look_due_ = false;
  std::int64_t next_number_ = 0;
  std::vector<FileCommittable> rolled_;   // complete: the next PrepareCommit gives them away
  std::vector<std::string> uncommitted_;  // of a job without checkpoints: pending files, by name
};

PartFiles::PartFiles(const std::string& folder, std::string suffix, const RollingPolicy& policy,
                     bool buckets, const WriterContext& context)
    : state_(std::make_unique<State>(folder, std::move(suffix), policy, buckets, context)),
      last_(state_->last()) {}
PartFiles::~PartFiles() = default;
PartFiles::PartFiles(PartFiles&&) noexcept = default;

OpenPart& PartFiles::Find(std::string_view bucket) {
  last_ = &state_->Find(bucket);
  return *last_;
}
void PartFiles::Spill(OpenPart& part) {
  state_->Spill(static_cast<Part&>(part));  // State has made it
  last_ = state_->last();
}
void PartFiles::EndStep() {
  state_->EndStep();
  last_ = state_->last();
}
std::vector<std::string> PartFiles::PrepareCommit() {
  last_ = nullptr;
  return state_->PrepareCommit();
}
void PartFiles::Commit(const std::vector<std::string>& committables) {
  state_->Commit(committables);
}
void PartFiles::AbortLeftovers() {
  state_->AbortLeftovers();
}
void PartFiles::Close() {
  last_ = nullptr;
  state_->Close();
}

std::string PartFiles::NamesOf(const std::string& folder, const std::string& suffix) {
  return "files '" +
         (std::filesystem::path(folder) / ("part-N" + suffix)).lexically_normal().string() + "'";
}

PartFiles::State::State(const std::string& folder, std::string suffix, const RollingPolicy& policy,
                        bool buckets, const WriterContext& context)
    : location_(folder),
      suffix_(std::move(suffix)),
      policy_(policy),
      block_(buckets ? kBlockOfBucket : kBlock),
      context_(context),
      replaces_(!context.checkpoints && !buckets) {
  auto where = LocateFiles(folder);
  ThrowIfFailed("make output folder", where.status());
  files_ = where.value().files;
  folder_ = where.value().path;
  if (files_ == &LocalFileSystem()) {  // a later run may have another working directory
    location_ = folder_ = std::filesystem::absolute(folder_).lexically_normal().string();
  }
  ThrowIfFailed("make output folder", context.checkpoints ? MakeDurableFolder(*files_, folder_)
                                                          : files_->MakeFolder(folder_));
  if (replaces_) Open({});  // there is a file for each subtask, also without a record
}

Part& PartFiles::State::Find(std::string_view bucket) {
  if (look_due_) LookAtTime();
  const auto found = open_.find(bucket);
  last_ = found == open_.end() ? &Open(bucket) : found->second.get();
  return *last_;
}

Part& PartFiles::State::Open(std::string_view bucket) {
  if (!bucket.empty()) {
    if (const std::string wrong = WrongBucket(bucket); !wrong.empty())
      throw FileError("open a file of bucket '" + std::string(bucket) + "': " + wrong);
  }
  auto part = std::make_unique<Part>();
  part->bucket = bucket;
  part->name =
      PartName{context_.subtask, replaces_ ? "" : context_.run, next_number_++}.ToString(suffix_);
  auto file = files_->Create(HiddenPath(part->name, kInProgress));
  if (!file.ok()) {
    const std::string many =
        open_.size() < 100 ? ""
                           : "; " + std::to_string(open_.size()) +
                                 " part files are open: make the buckets coarser, or RollInactive";
    throw FileError("write output files: " + file.status().message() + many);
  }
  part->file = std::move(file).value();
  part->spill_at = static_cast<std::size_t>(std::min(block_, policy_.bytes));
  if (policy_.looks_at_time()) part->opened = part->written = context_.clock->NowNanos() / 1000000;
  return *(open_[part->bucket] = std::move(part));
}

std::string PartFiles::State::HiddenPath(const std::string& name, const char* stage) const {
  return JoinPath(folder_, HiddenName::Make(name, context_.job_id, stage));
}

void PartFiles::State::WriteText(Part& part) {
  ThrowIfFailed("write output files", part.file->Append(part.text));
  part.bytes += static_cast<std::int64_t>(part.text.size());
  part.text.clear();
}

void PartFiles::State::Spill(Part& part) {
  WriteText(part);
  if (policy_.Due(part.bytes)) {
    Roll(part);
  } else {
    part.spill_at = static_cast<std::size_t>(std::min(block_, policy_.bytes - part.bytes));
  }
}

void PartFiles::State::LookAtTime() {
  look_due_ = false;
  if (!policy_.looks_at_time()) return;
  const std::int64_t now = context_.clock->NowNanos() / 1000000;
  for (auto it = open_.begin(); it != open_.end();) {
    Part& part = *(it++)->second;
    const std::int64_t size = part.bytes + static_cast<std::int64_t>(part.text.size());
    if (std::exchange(part.seen, size) != size) part.written = now;
    if (policy_.Due(part.opened, part.written, now)) Roll(part);
  }
}

void PartFiles::State::Roll(Part& part) {
  WriteText(part);
  if (context_.checkpoints) ThrowIfFailed("write output files", part.file->Sync());
  ThrowIfFailed("write output files", part.file->Close());
  ThrowIfFailed("write output files", AtFailPoint(FailPoint::kFileSinkRoll));
  const std::string pending = HiddenName::Make(part.name, context_.job_id, kPending);
  ThrowIfFailed("write output files",
                files_->Rename(HiddenPath(part.name, kInProgress), JoinPath(folder_, pending)));
  rolled_.push_back(
      {location_, pending, part.bucket, part.name, static_cast<std::uint64_t>(part.bytes)});
  if (last_ == &part) last_ = nullptr;
  open_.erase(open_.find(part.bucket));
}

std::vector<std::string> PartFiles::State::PrepareCommit() {
  while (!open_.empty()) Roll(*open_.begin()->second);
  std::vector<std::string> committables;
  for (const FileCommittable& file : rolled_) committables.push_back(file.Encoded());
  if (context_.checkpoints) {
    ThrowIfFailed("write output files", AtFailPoint(FailPoint::kFileSinkPrepare));
    if (!rolled_.empty()) ThrowIfFailed("write output files", files_->SyncFolder(folder_));
  } else {
    for (const FileCommittable& file : rolled_) uncommitted_.push_back(file.pending);
  }
  rolled_.clear();
  return committables;
}

void PartFiles::State::Commit(const std::vector<std::string>& committables) {
  CommitFiles commit(context_.checkpoints, replaces_);
  for (const std::string& bytes : committables) {
    const auto file = FileCommittable::Decode(bytes);
    if (!file.has_value()) throw FileError("commit output files: a committable does not decode");
    ThrowIfFailed("commit output files", commit.Name(*file));
  }
  ThrowIfFailed("commit output files", commit.Sync());
  if (replaces_) RemoveOlder();
  uncommitted_.clear();
}

void PartFiles::State::RemoveOlder() const {
  auto entries = files_->List(folder_);
  ThrowIfFailed("remove output files of an earlier run", entries.status());
  for (const FileEntry& entry : entries.value()) {
    const auto part = PartName::Parse(entry.name, suffix_);
    if (entry.folder || !part.has_value() || !part->run.empty()) continue;
    const bool mine = part->subtask == context_.subtask && part->number >= next_number_;
    const bool nobodys = context_.subtask == 0 && part->subtask >= context_.parallelism;
    if (!mine && !nobodys) continue;
    const Status removed = files_->Remove(JoinPath(folder_, entry.name));
    if (removed.code() != StatusCode::kNotFound)
      ThrowIfFailed("remove output files of an earlier run", removed);
  }
}

void PartFiles::State::AbortLeftovers() {
  auto entries = files_->List(folder_);
  ThrowIfFailed("remove unfinished output files", entries.status());
  std::size_t removed = 0;
  for (const FileEntry& entry : entries.value()) {
    const auto hidden = HiddenName::Parse(entry.name, suffix_);
    // Each is one subtask's: that which has committed what the checkpoint had of the same one.
    if (entry.folder || !hidden.has_value() || hidden->job_id != context_.job_id ||
        hidden->part.subtask % context_.parallelism != context_.subtask)
      continue;
    const Status status = files_->Remove(JoinPath(folder_, entry.name));
    if (status.code() == StatusCode::kNotFound) continue;
    ThrowIfFailed("remove unfinished output files", status);
    ++removed;
  }
  if (removed > 0) {
    Log(kInfo, "removed ", removed, " unfinished output files of earlier runs in '", folder_, "'");
  }
}

void PartFiles::State::Close() {
  std::vector<std::string> left = std::move(uncommitted_);
  for (const auto& [bucket, part] : open_)
    left.push_back(HiddenName::Make(part->name, context_.job_id, kInProgress));
  for (const FileCommittable& file : rolled_) left.push_back(file.pending);
  open_.clear();
  rolled_.clear();
  last_ = nullptr;
  for (const std::string& name : left) {
    const Status removed = files_->Remove(JoinPath(folder_, name));
    if (!removed.ok() && removed.code() != StatusCode::kNotFound)
      Log(kWarn, "an unfinished output file stays: ", removed.message());
  }
}

}  // namespace millrace
