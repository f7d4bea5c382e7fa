#include "millrace/connectors/json_files.h"

namespace millrace {

void ThrowMalformed(const MalformedLine& line) {
  constexpr std::size_t kMost = 200;
  throw FileError("read input file '" + line.path + "', line " + std::to_string(line.line) +
                  ", column " + std::to_string(line.column) + ": " + line.reason +
                  ", in: " + line.text.substr(0, kMost) + (line.text.size() > kMost ? "..." : ""));
}

FileRecord JsonFileReader::Next(void* record, MalformedLine* malformed) {
  std::string_view line;
  for (;;) {
    const std::int64_t number = lines_.position().line;
    if (!lines_.Next(&line)) return FileRecord::kEnd;
    if (number == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    TextError error;
    if (parser_.Parse(*type_, record, line, &error)) return FileRecord::kRecord;
    *malformed = {lines_.position().path, number, static_cast<std::int64_t>(error.column),
                  std::string(line), error.what};
    return FileRecord::kMalformed;
  }
}

}  // namespace millrace
