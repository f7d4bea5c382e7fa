#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/connectors/file_sink.h"
#include "millrace/connectors/static_splits.h"
#include "millrace/io/print.h"
#include "millrace/io/record.h"
#include "millrace/operators/source/source_api.h"
#include "millrace/operators/user_error.h"

namespace millrace {

/// What a file connector throws: what was tried, on which file, and why it failed.
class FileError : public ConnectorError {
 public:
  using ConnectorError::ConnectorError;
};

/// The files that `paths` name, sorted: a folder stands for the files in it (not those in its folders, and none whose
/// name begins with '.' or '_'). Throws FileError when a path does not exist or a file can't be read.
std::vector<std::string> ListFiles(const std::vector<std::string>& paths);

/// So many files a subtask reads in turn, so that their time lines advance together; the next ones when all are read.
inline constexpr std::size_t kOpenFiles = 128;

/// A file from `offset` on; `line` is the number of the line that begins there, from 1.
struct FileSplit {
  std::string path;
  std::int64_t offset = 0;
  std::int64_t line = 1;
};
MILLRACE_RECORD(FileSplit, path, offset, line);

/// One split for each file that `paths` name. Throws FileError as ListFiles does, and for a folder without files: a job that
/// has nothing to read because its input stands elsewhere must not end as if all were well.
std::unique_ptr<SplitEnumerator> SplitsOfFiles(const std::vector<std::string>& paths,
                                               int parallelism);

/// Reads a file line by line, in blocks. A line ends with LF or CR LF, which are not part of it; the last one may end
/// with the file.
class LineReader {
 public:
  static constexpr std::size_t kBlock = 256 * 1024;
  static constexpr std::size_t kLongestLine = 64 * 1024 * 1024;
  static constexpr std::size_t kLongestRecord = 1024 * 1024;  // of several lines

  explicit LineReader(FileSplit from, std::size_t block = kBlock);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) = delete;

  /// The next line, a view that is valid until the next call; false at the end of the file. Throws FileError.
  bool Next(std::string_view* line);
  /// Makes the line just given longer by the one that follows; the line's end stays between them. False at the end of the
  /// file, and when it would be longer than kLongestRecord; `*line` is void then.
  bool Extend(std::string_view* line);
  /// Takes back all that Extend has added: gives the first line, and the second is the next one again.
  std::string_view TakeBack();
  /// Where the next line begins.
  const FileSplit& position() const { return position_; }

 private:
  /// Takes the line that ends next, from `begin_` on, as the end of one that begins at `record_`.
  bool Take(std::string_view* line);
  /// Reads on behind what is in the buffer; false at the end of the file.
  bool Fill();

  FileSplit position_;
  std::size_t block_;
  int fd_ = -1;
  std::string buffer_;
  std::size_t begin_ = 0;       // of what has not been given out
  std::size_t record_ = 0;      // of the line just given
  std::size_t first_ = 0;       // bytes of it before Extend, with its end
  std::size_t first_size_ = 0;  // and without
  std::int64_t extended_ = 0;   // lines added to it
  bool ended_ = false;
};

/// The lines of text files, one split per file. (Flink: FileSource with TextLineInputFormat)
///
///   env.FromSource("lines", TextLines("/var/log/dpkg.log"))
///   env.FromSource("lines", TextLines({"a.txt", "folder/of/texts"}))
class TextLines {
 public:
  using Record = std::string;
  using Split = FileSplit;
  explicit TextLines(std::string path) : TextLines(std::vector<std::string>{std::move(path)}) {}
  explicit TextLines(std::vector<std::string> paths) : paths_(std::move(paths)) {}
  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const { return paths_.empty() ? "TextLines: no path is given" : ""; }

  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    return SplitsOfFiles(paths_, parallelism);
  }

  class Reader {
   public:
    explicit Reader(const FileSplit& split) : lines_(split) {}
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t max_rows) {
      std::string_view line;
      for (std::uint32_t i = 0; i < max_rows; ++i) {
        if (!lines_.Next(&line)) return PollResult::End();
        record_.assign(line);
        out.Emit(record_);
      }
      return PollResult::More();
    }
    FileSplit Position() const { return lines_.position(); }

   private:
    LineReader lines_;
    std::string record_;
  };
  Reader OpenSplit(const FileSplit& split, const ReaderContext&) const { return Reader(split); }

 private:
  std::vector<std::string> paths_;
};

/// How TextFileSink writes a record.
class TextFormat {
 public:
  struct Options {};
  static constexpr const char* kSuffix = ".txt";

  explicit TextFormat(Options) {}
  std::string Mistake() const { return {}; }
  template <class T>
  void Begin(std::string&) const {}
  template <class T>
  void Append(const T& record, std::string& out) const {
    if constexpr (std::is_same_v<T, std::string>) {
      out += record;
    } else {
      AppendText(record, out);
    }
  }
};

/// Text files, one record a line; a std::string as it is.
///
///   stream.SinkTo("report", TextFileSink("/tmp/report"));     // /tmp/report/part-0.txt, part-1.txt ...
using TextFileSink = FileSink<TextFormat>;

}  // namespace millrace
