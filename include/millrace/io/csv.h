#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/io/text_value.h"

namespace millrace {

/// How a table of separated values is written. (RFC 4180; Flink: CsvReaderFormat)
struct CsvOptions {
  /// Between fields.
  char delimiter = ',';
  /// Around fields that hold delimiters, quotes (doubled there) or line ends.
  char quote = '"';
  /// The first line names the columns, in any order. Without it columns are the record's fields in their order.
  bool header = true;
  /// Columns that the record does not have are passed over instead of being an error.
  bool ignore_unknown_columns = false;

  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const {
    const auto ends_lines = [](char c) { return c == '\n' || c == '\r' || c == '\0'; };
    if (delimiter != quote && !ends_lines(delimiter) && !ends_lines(quote)) return {};
    return "CsvOptions: delimiter and quote must be two different characters, and neither ends a "
           "line";
  }
};

/// The fields of one record's text. Reused from record to record.
class CsvRow {
 public:
  struct Field {
    std::string_view text;   // without quotes; valid until the next Split
    std::size_t column = 1;  // where it begins, in bytes from 1
    bool quoted = false;
  };
  enum class Outcome {
    kRow,
    kOpenQuote,  // the text ends inside quotes: the record goes on in the next line
    kMalformed,
  };

  /// Splits one record's text, without its line's end.
  Outcome Split(std::string_view text, const CsvOptions& options, TextError* error);
  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
  std::string unescaped_;  // bytes of fields with doubled quotes
};

/// Which field of a record stands in which column.
class CsvColumns {
 public:
  /// All fields, in the record's order.
  explicit CsvColumns(const TypeInfo& type);
  /// As a header names them. False when a name is unknown, twice there, or a field that is no optional is missing.
  bool FromHeader(const CsvRow& header, const CsvOptions& options, TextError* error);
  /// Fills a record. An empty field without quotes is an empty optional. False, with the reason, when a value does not fit
  /// or the number of columns is another.
  bool Fill(const CsvRow& row, void* record, TextError* error) const;

 private:
  const TypeInfo* type_;
  std::vector<const FieldInfo*> columns_;  // null: passed over
  std::vector<const FieldInfo*> absent_;   // optionals without a column
};

void AppendCsvHeader(const TypeInfo& type, const CsvOptions& options, std::string& out);
/// Appends a record as one line, without its end; fields with delimiters, quotes, line ends or blanks at an end are quoted,
/// and texts that are empty.
void AppendCsv(const TypeInfo& type, const void* record, const CsvOptions& options,
               std::string& out);

/// True for records all of whose fields are scalars (IsScalarText).
constexpr bool HasCsvForm(const TypeInfo& type) {
  if (type.kind != Kind::kRecord || type.field_count == 0) return false;
  for (std::uint32_t i = 0; i < type.field_count; ++i) {
    if (!IsScalarText(*type.fields[i].type)) return false;
  }
  return true;
}

}  // namespace millrace
