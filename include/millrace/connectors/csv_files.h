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

/// How CsvFileSink writes a record.
class CsvRows {
 public:
  using Options = CsvOptions;
  static constexpr const char* kSuffix = ".csv";

  explicit CsvRows(CsvOptions options) : options_(options) {}
  std::string Mistake() const { return options_.Mistake(); }
  template <class T>
  void Begin(std::string& out) const {
    if (!options_.header) return;
    AppendCsvHeader(TypeInfoOf<T>(), options_, out);
    out += '\n';
  }
  template <class T>
  void Append(const T& record, std::string& out) const {
    static_assert(HasCsvForm(TypeInfoOf<T>()),
                  "millrace: CsvFileSink: each field of the record must be a number, bool, enum, "
                  "time or text, or an optional "
                  "of one");
    AppendCsv(TypeInfoOf<T>(), &record, options_, out);
  }

 private:
  CsvOptions options_;
};

/// CSV files, each with a header unless `options.header` is false.
///
///   stream.SinkTo("report", CsvFileSink("/tmp/report"));     // /tmp/report/part-0.csv, part-1.csv ...
using CsvFileSink = FileSink<CsvRows>;

}  // namespace millrace
