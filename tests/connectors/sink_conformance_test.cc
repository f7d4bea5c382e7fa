// The built-in sinks that commit, and the chaos tests' transactional sink, keep what every such sink has to.
#include "tests/support/sink_conformance.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/millrace.h"
#include "tests/chaos/oracle_sink.h"
#include "tests/support/memory_file_system.h"

namespace millrace::test_support {
namespace {

struct Numbered {
  std::int64_t number = 0;
  std::string text;
};
MILLRACE_RECORD(Numbered, number, text);

/// A file sink into memory. `Kind` makes the sink, and finds the number in a line; -1: it is no record.
template <class Kind>
class FileSubject {
 public:
  using Record = Numbered;
  using Sink = decltype(Kind::Make(std::string()));

  FileSubject() {
    RegisterFileSystem("conformance", &files_);
    files_.FailWhere([this](const std::string& operation, const std::string& path) {
      if (!failing_ || --calls_left_ > 0) return Status::Ok();
      failing_ = false;
      failed_ = true;
      return Status::Unavailable(operation + " '" + path + "': planted");
    });
  }
  ~FileSubject() { RegisterFileSystem("conformance", nullptr); }

  Sink MakeSink() const { return Kind::Make("conformance://top/out"); }
  static Record RecordOf(int number) { return {number, std::string(number % 7 * 5, 'x')}; }
  std::vector<int> Seen() {
    std::vector<int> seen;
    for (const std::string& path : files_.paths()) {
      if (path[path.rfind('/') + 1] == '.') continue;
      const std::string& bytes = *files_.Bytes(path);
      EXPECT_TRUE(bytes.empty() || bytes.ends_with('\n')) << path << " is cut off";
      for (std::size_t at = 0, end = 0; (end = bytes.find('\n', at)) != std::string::npos;
           at = end + 1) {
        const int number = Kind::NumberOf(bytes.substr(at, end - at));
        if (number >= 0) seen.push_back(number);
      }
    }
    return seen;
  }
  std::size_t Leftovers(const std::string& job_id) const {
    std::size_t count = 0;
    for (const std::string& path : files_.paths())
      count += path.find("." + job_id + ".") == std::string::npos ? 0 : 1;
    return count;
  }
  void Die() { files_.Crash(); }
  void FailAt(int call) {
    failing_ = call > 0;
    calls_left_ = call;
  }
  bool failed() const { return failed_; }

 private:
  MemoryFileSystem files_;
  bool failing_ = false, failed_ = false;
  int calls_left_ = 0;
};

struct Text {
  static auto Make(const std::string& folder) { return TextFileSink(folder); }
  static int NumberOf(const std::string& line) {  // {number: 7, text: "..."}
    return std::stoi(line.substr(9));
  }
};
struct RollingText : Text {
  static auto Make(const std::string& folder) { return TextFileSink(folder).RollAt(60); }
};
struct BucketsOfText : Text {
  static auto Make(const std::string& folder) {
    return TextFileSink(folder).RollAt(100).Buckets(
        [](const Numbered& n) { return "by size/" + std::to_string(n.text.size()); });
  }
};
struct Csv {
  static auto Make(const std::string& folder) { return CsvFileSink(folder).RollAt(60); }
  static int NumberOf(const std::string& line) {
    return line == "number,text" ? -1 : std::stoi(line);
  }
};
struct Json {
  static auto Make(const std::string& folder) { return JsonFileSink(folder).RollAt(60); }
  static int NumberOf(const std::string& line) { return std::stoi(line.substr(10)); }
};

/// The sink that the chaos tests trust: held to the same.
class OracleSubject {
 public:
  using Record = std::string;
  using Sink = chaos::OracleSink;

  Sink MakeSink() { return Sink(&oracle_); }
  static Record RecordOf(int number) { return std::to_string(number); }
  std::vector<int> Seen() const {
    std::vector<int> seen;
    for (const auto& [row, count] : oracle_.rows()) seen.insert(seen.end(), count, std::stoi(row));
    return seen;
  }
  static std::size_t Leftovers(const std::string&) { return 0; }
  static void Die() {}
  void FailAt(int call) { oracle_.FailAt(call); }
  bool failed() const { return oracle_.failed(); }

 private:
  chaos::Oracle oracle_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(TextFileSink, SinkConformance, FileSubject<Text>);
INSTANTIATE_TYPED_TEST_SUITE_P(RollingTextFileSink, SinkConformance, FileSubject<RollingText>);
INSTANTIATE_TYPED_TEST_SUITE_P(TextFileSinkWithBuckets, SinkConformance,
                               FileSubject<BucketsOfText>);
INSTANTIATE_TYPED_TEST_SUITE_P(CsvFileSink, SinkConformance, FileSubject<Csv>);
INSTANTIATE_TYPED_TEST_SUITE_P(JsonFileSink, SinkConformance, FileSubject<Json>);
INSTANTIATE_TYPED_TEST_SUITE_P(OracleSink, SinkConformance, OracleSubject);

}  // namespace
}  // namespace millrace::test_support
