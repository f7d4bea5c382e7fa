#pragma once

#include "millrace/connectors/record_files.h"
#include "millrace/io/csv.h"

namespace millrace {

/// Reads the records of one CSV file. Not a template: driven by the record's TypeInfo.
class CsvFileReader {
 public:
  /// Reads the header, also when `from` is in the middle of the file. Throws FileError when it does not fit the record.
  CsvFileReader(const TypeInfo& type, const CsvOptions& options, FileSplit from);
  FileRecord Next(void* record, MalformedLine* malformed);
  const FileSplit& position() const { return lines_.position(); }

 private:
  void ReadHeader(LineReader& lines, std::string_view text);
  /// The record that begins with `line`, which grows over the lines that its quotes span.
  CsvRow::Outcome SplitRecord(std::string_view* line, TextError* error);

  const TypeInfo* type_;
  CsvOptions options_;
  LineReader lines_;
  CsvRow row_;
  CsvColumns columns_;
};

struct CsvFormat : CsvOptions {
  using FileReader = CsvFileReader;
};

/// Tables of separated values (RFC 4180): quoted fields may hold delimiters, doubled quotes and line ends. The first line
/// names the columns, unless `options.header` is false. An empty field without quotes is an empty optional. Blank lines are
/// passed over, except in tables of one column. An UTF-8 byte order mark is passed over.
///
///   env.FromSource("readings", CsvFiles<Reading>("/data/readings.csv"))
///   env.FromSource("readings", CsvFiles<Reading>("/data/folder", {.delimiter = ';'}).SkipMalformed())
template <class T>
RecordFiles<T, CsvFormat> CsvFiles(std::vector<std::string> paths, CsvOptions options = {}) {
  static_assert(HasCsvForm(TypeInfoOf<T>()),
                "millrace: CsvFiles: each field of the record must be a number, bool, enum, time "
                "or text, or an optional of one");
  return RecordFiles<T, CsvFormat>(std::move(paths), CsvFormat{options});
}
template <class T>
RecordFiles<T, CsvFormat> CsvFiles(std::string path, CsvOptions options = {}) {
  return CsvFiles<T>(std::vector<std::string>{std::move(path)}, options);
}

/// CSV files, one per subtask, each with a header unless `options.header` is false.
///
///   stream.SinkTo("report", CsvFileSink("/tmp/report"));     // /tmp/report/part-0.csv, part-1.csv ...
class CsvFileSink {
 public:
  explicit CsvFileSink(std::string folder, CsvOptions options = {})
      : folder_(std::move(folder)), options_(options) {}
  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const { return options_.Mistake(); }

  class Writer {
   public:
    Writer(const std::string& folder, CsvOptions options, const WriterContext& context)
        : file_(folder, context, ".csv"), options_(options) {}
    template <class T>
    void Write(const T& record, EventTime) {
      static_assert(HasCsvForm(TypeInfoOf<T>()),
                    "millrace: CsvFileSink: each field of the record must be a number, bool, enum, "
                    "time or text, or an optional "
                    "of one");
      if (!begun_) Begin(TypeInfoOf<T>());
      AppendCsv(TypeInfoOf<T>(), &record, options_, file_.line());
      file_.EndLine();
    }
    static constexpr bool kCommitsOnce = true;
    std::vector<std::string> PrepareCommit() {
      file_.Flush();
      return {};
    }
    void Commit(const std::vector<std::string>&) { file_.Commit(); }

   private:
    void Begin(const TypeInfo& type) {
      begun_ = true;
      if (!options_.header) return;
      AppendCsvHeader(type, options_, file_.line());
      file_.EndLine();
    }
    PartFile file_;
    CsvOptions options_;
    bool begun_ = false;
  };
  std::string Target() const { return PartFile::NamesOf(folder_, ".csv"); }
  Writer CreateWriter(const WriterContext& context) const {
    return Writer(folder_, options_, context);
  }

 private:
  std::string folder_;
  CsvOptions options_;
};

}  // namespace millrace
