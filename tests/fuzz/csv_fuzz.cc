// Any bytes as a CSV record, and as a header: refused with a column inside them, or read to a record whose own line reads
// back as the same line. The first byte chooses the delimiter.
#include <cstdlib>

#include "millrace/io/csv.h"
#include "tests/io/samples.h"

namespace {

struct Row {
  std::string name;
  std::optional<std::string> note;
  std::optional<double> weight;
  millrace::EventTime time;
  bool good = false;
};
MILLRACE_RECORD(Row, name, note, weight, time, good);

const millrace::TypeInfo& kType = millrace::TypeInfoOf<Row>();

bool Read(std::string_view text, const millrace::CsvOptions& options, bool header, Row* record,
          millrace::TextError* error) {
  millrace::CsvRow row;
  millrace::CsvColumns columns(kType);
  if (row.Split(text, options, error) != millrace::CsvRow::Outcome::kRow) return false;
  return header ? columns.FromHeader(row, options, error) : columns.Fill(row, record, error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  millrace::CsvOptions options;
  options.delimiter = ",;\t-"[data[0] % 4];
  for (const bool header : {false, true}) {
    Row record;
    millrace::TextError error;
    if (!Read(text, options, header, &record, &error)) {
      if (error.column < 1 || error.column > text.size() + 1 || error.what.empty()) std::abort();
      continue;
    }
    if (header) continue;
    std::string line, again;
    millrace::AppendCsv(kType, &record, options, line);
    Row back;
    if (!Read(line, options, false, &back, &error)) std::abort();
    millrace::AppendCsv(kType, &back, options, again);
    if (again != line) std::abort();
  }
  return 0;
}
