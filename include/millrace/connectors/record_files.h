#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/connectors/text_files.h"

namespace millrace {

/// A line (with CSV: a record, which may have several) that is no record of the source's type.
struct MalformedLine {
  std::string path;
  std::int64_t line = 0;    // from 1
  std::int64_t column = 0;  // in bytes from 1, from the line's beginning
  std::string text;         // as it stands in the file, without its end
  std::string reason;
};
MILLRACE_RECORD(MalformedLine, path, line, column, text, reason);

/// What a file's reader has found next.
enum class FileRecord { kRecord, kMalformed, kEnd };

/// Fails the job with the place and the reason.
[[noreturn]] void ThrowMalformed(const MalformedLine& line);

/// Files of records of type T; `Format` knows how a file is read:
///   typename Format::FileReader   with FileRecord Next(void* record, MalformedLine*), FileSplit position()
/// Made by CsvFiles and JsonFiles. One split per file, read in turn; folders stand for their files.
///
/// A malformed line fails the job, with file, line and column, unless the author chose otherwise:
///   CsvFiles<Reading>("readings.csv").SkipMalformed()               // counted: "skipped" in --metrics
///   CsvFiles<Reading>("readings.csv").MalformedTo("malformed")      // and given to a side output of MalformedLine:
///   auto readings = env.FromSource(...);   readings.SideOutput(OutputTag<MalformedLine>{"malformed"})
template <class T, class Format>
class RecordFiles {
 public:
  using Record = T;
  using Split = FileSplit;
  using SideRecord = MalformedLine;

  RecordFiles(std::vector<std::string> paths, Format format)
      : paths_(std::move(paths)), format_(std::move(format)) {}

  RecordFiles SkipMalformed() const {
    RecordFiles files = *this;
    files.skip_ = true;
    return files;
  }
  RecordFiles MalformedTo(std::string tag) const {
    RecordFiles files = *this;
    files.tag_ = std::move(tag);
    return files;
  }
  const std::string& side_output() const { return tag_; }
  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const {
    if (paths_.empty()) return "no path of an input file is given";
    if constexpr (requires { format_.Mistake(); }) return format_.Mistake();
    return {};
  }

  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    return SplitsOfFiles(paths_, parallelism);
  }

  class Reader {
   public:
    Reader(typename Format::FileReader file, bool skip, bool side)
        : file_(std::move(file)), skip_(skip), side_(side) {}
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t max_rows) {
      for (std::uint32_t i = 0; i < max_rows; ++i) {
        switch (file_.Next(&record_, &malformed_)) {
          case FileRecord::kRecord:
            out.Emit(record_);
            break;
          case FileRecord::kEnd:
            return PollResult::End();
          case FileRecord::kMalformed:
            if (!skip_ && !side_) ThrowMalformed(malformed_);
            out.CountSkipped();
            if (side_) out.EmitSide(malformed_);
            record_ = T{};  // it may hold half of the line
        }
      }
      return PollResult::More();
    }
    FileSplit Position() const { return file_.position(); }

   private:
    typename Format::FileReader file_;
    bool skip_;
    bool side_;
    T record_{};
    MalformedLine malformed_;
  };
  Reader OpenSplit(const FileSplit& split, const ReaderContext&) const {
    return Reader(typename Format::FileReader(TypeInfoOf<T>(), format_, split), skip_,
                  !tag_.empty());
  }

 private:
  std::vector<std::string> paths_;
  Format format_;
  bool skip_ = false;
  std::string tag_;
};

}  // namespace millrace
