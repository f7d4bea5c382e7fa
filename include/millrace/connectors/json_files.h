#pragma once

#include "millrace/connectors/record_files.h"
#include "millrace/connectors/simple_sinks.h"
#include "millrace/io/json.h"

namespace millrace {

/// Reads a file of JSON lines. Not a template: driven by the record's TypeInfo.
class JsonFileReader {
 public:
  JsonFileReader(const TypeInfo& type, const JsonOptions& options, FileSplit from)
      : type_(&type), parser_(options), lines_(std::move(from)) {}
  FileRecord Next(void* record, MalformedLine* malformed);
  const FileSplit& position() const { return lines_.position(); }

 private:
  const TypeInfo* type_;
  JsonParser parser_;
  LineReader lines_;
};

struct JsonFormat : JsonOptions {
  using FileReader = JsonFileReader;
};

/// Files of JSON lines: one value a line (JsonParser says in which form). Blank lines are passed over.
///
///   env.FromSource("readings", JsonFiles<Reading>("/data/readings.jsonl", {.ignore_unknown_fields = true}))
template <class T>
RecordFiles<T, JsonFormat> JsonFiles(std::vector<std::string> paths, JsonOptions options = {}) {
  static_assert(HasJsonForm(TypeInfoOf<T>()),
                "millrace: JsonFiles: a type with a codec of its own has no form in JSON");
  return RecordFiles<T, JsonFormat>(std::move(paths), JsonFormat{options});
}
template <class T>
RecordFiles<T, JsonFormat> JsonFiles(std::string path, JsonOptions options = {}) {
  return JsonFiles<T>(std::vector<std::string>{std::move(path)}, options);
}

/// How JsonFileSink writes a record.
class JsonRows {
 public:
  struct Options {};
  static constexpr const char* kSuffix = ".jsonl";

  explicit JsonRows(Options) {}
  std::string Mistake() const { return {}; }
  template <class T>
  void Begin(std::string&) const {}
  template <class T>
  void Append(const T& record, std::string& out) const {
    static_assert(HasJsonForm(TypeInfoOf<T>()),
                  "millrace: JsonFileSink: a type with a codec of its own has no form in JSON");
    AppendJson(TypeInfoOf<T>(), &record, out);
  }
};

/// Files of JSON lines: part-0.jsonl, part-1.jsonl ... A text that is not UTF-8 fails the job.
using JsonFileSink = FileSink<JsonRows>;

/// JSON lines on stdout. A text that is not UTF-8 fails the job.
///
///   stream.SinkTo("json", JsonPrintSink{});
struct JsonPrintSink {
  class Writer {
   public:
    template <class T>
    void Write(const T& record, EventTime) {
      static_assert(HasJsonForm(TypeInfoOf<T>()),
                    "millrace: JsonPrintSink: a type with a codec of its own has no form in JSON");
      AppendJson(TypeInfoOf<T>(), &record, out_.line());
      out_.EndLine();
    }
    void Flush() { out_.Flush(); }

   private:
    LineOutput out_{1};
  };
  Writer CreateWriter(const WriterContext&) const { return {}; }
};

}  // namespace millrace
