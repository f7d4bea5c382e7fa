#include "millrace/connectors/csv_files.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

CsvFileReader::CsvFileReader(const TypeInfo& type, const CsvOptions& options, FileSplit from)
    : type_(&type), options_(options), lines_(std::move(from)), columns_(type) {
  if (!options_.header) return;
  std::string_view text;
  if (lines_.position().offset == 0) {
    if (lines_.Next(&text)) ReadHeader(lines_, text);
    return;
  }
  LineReader beginning({lines_.position().path, 0, 1});
  if (beginning.Next(&text)) ReadHeader(beginning, text);
}

void CsvFileReader::ReadHeader(LineReader& lines, std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  TextError error;
  if (row_.Split(text, options_, &error) == CsvRow::Outcome::kRow &&
      columns_.FromHeader(row_, options_, &error))
    return;
  ThrowMalformed({lines.position().path, 1, static_cast<std::int64_t>(error.column),
                  std::string(text), error.what});
}

FileRecord CsvFileReader::Next(void* record, MalformedLine* malformed) {
  std::string_view line;
  for (;;) {
    const std::int64_t number = lines_.position().line;
    if (!lines_.Next(&line)) return FileRecord::kEnd;
    if (line.empty() && type_->field_count > 1) continue;
    TextError error;
    if (SplitRecord(&line, &error) == CsvRow::Outcome::kRow && columns_.Fill(row_, record, &error))
      return FileRecord::kRecord;
    *malformed = {lines_.position().path, number, static_cast<std::int64_t>(error.column),
                  std::string(line), error.what};
    return FileRecord::kMalformed;
  }
}

CsvRow::Outcome CsvFileReader::SplitRecord(std::string_view* line, TextError* error) {
  const bool first = lines_.position().line == 2 && !options_.header;
  const std::size_t mark = first && line->starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  CsvRow::Outcome outcome = row_.Split(line->substr(mark), options_, error);
  if (outcome == CsvRow::Outcome::kOpenQuote) {
    TextError ignored;
    bool open = true;  // quotes come in pairs, but for the one that closes the field
    for (std::size_t seen = line->size(); open && lines_.Extend(line); seen = line->size()) {
      open = std::count(line->begin() + static_cast<std::ptrdiff_t>(seen), line->end(),
                        options_.quote) %
                 2 ==
             0;
    }
    if (!open) outcome = row_.Split(line->substr(mark), options_, &ignored);
    if (outcome !=
        CsvRow::Outcome::
            kRow) {  // one bad line, not the rest of the file; the first error is the one to tell
      *line = lines_.TakeBack();
    }
  }
  line->remove_prefix(mark);
  return outcome;
}

}  // namespace millrace
