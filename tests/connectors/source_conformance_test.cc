// The built-in sources keep what every source has to.
#include "tests/support/source_conformance.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "millrace/millrace.h"

namespace millrace::test_support {
namespace {

struct Numbered {
  std::int64_t number = 0;
  std::string text;
};
MILLRACE_RECORD(Numbered, number, text);

std::int64_t Number(std::int64_t i) {
  return i;
}
std::vector<std::string> NumbersUpTo(int end) {
  std::vector<std::string> texts;
  for (int i = 0; i < end; ++i) texts.push_back(std::to_string(i));
  return texts;
}

struct Generated {
  using Source = GeneratorSource<decltype(&Number)>;
  static Source MakeSource() { return Generate(&Number).Count(100); }
  static std::optional<std::string> TextOf(std::int64_t n) { return std::to_string(n); }
  static std::vector<std::string> Expected() { return NumbersUpTo(100); }
};
struct GeneratedAtARate : Generated {
  static Source MakeSource() { return Generate(&Number).Count(100).Splits(7).Rate(5000); }
};
struct Collection {
  using Source = CollectionSource<std::string>;
  static Source MakeSource() { return Source(NumbersUpTo(50)); }
  static std::optional<std::string> TextOf(const std::string& text) { return text; }
  static std::vector<std::string> Expected() { return NumbersUpTo(50); }
};

/// Some files in a folder; one of them is empty.
class Folder {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "millrace-source-XXXXXX";
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  void Put(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class Text {
 public:
  using Source = TextLines;
  Text() {
    folder_.Put("a", "0\n1\r\n2\n");
    folder_.Put("b", "3\n4");  // without an end
    folder_.Put("c", "");
    folder_.Put("d", "5\n6\n7\n");
  }
  Source MakeSource() const { return TextLines(folder_.path()); }
  static std::optional<std::string> TextOf(const std::string& line) { return line; }
  static std::vector<std::string> Expected() { return NumbersUpTo(8); }

 private:
  Folder folder_;
};

class Csv {
 public:
  using Source = decltype(CsvFiles<Numbered>(std::string()));
  Csv() {
    folder_.Put("a",
                "text,number\n,0\n\"of two\nlines\",1\n\n,2\n");  // its columns in another order
    folder_.Put("b", "number,text\n3,\nmalformed,x\n4,\"open\n5,x\r\n");
    folder_.Put("c", "");
    folder_.Put("d", "number,text\n");
  }
  Source MakeSource() const { return CsvFiles<Numbered>(folder_.path()).SkipMalformed(); }
  static std::optional<std::string> TextOf(const Numbered& n) {
    return std::to_string(n.number) + n.text;
  }
  static std::vector<std::string> Expected() { return {"0", "1of two\nlines", "2", "3", "5x"}; }

 private:
  Folder folder_;
};

class Json {
 public:
  using Source = decltype(JsonFiles<Numbered>(std::string()));
  Json() {
    folder_.Put("a", "{\"number\":0,\"text\":\"x\"}\n\nnone\n{\"text\":\"y\",\"number\":1}");
    folder_.Put("b", "\xef\xbb\xbf{\"number\":2,\"text\":\"z\"}\n");
  }
  Source MakeSource() const { return JsonFiles<Numbered>(folder_.path()).SkipMalformed(); }
  static std::optional<std::string> TextOf(const Numbered& n) {
    return std::to_string(n.number) + n.text;
  }
  static std::vector<std::string> Expected() { return {"0x", "1y", "2z"}; }

 private:
  Folder folder_;
};

/// What they measure is another thing each time: samples are counted.
struct Sensors {
  using Source = HostSensors;
  static Source MakeSource() { return HostSensors(Duration(100)).For(Duration(2000)); }
  static std::optional<std::string> TextOf(const SensorReading& r) {
    return r.sensor == "load 1 min" ? std::optional(r.sensor) : std::nullopt;
  }
  static std::vector<std::string> Expected() {
    return std::vector<std::string>(20, std::string("load 1 min"));
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Generator, SourceConformance, Generated);
INSTANTIATE_TYPED_TEST_SUITE_P(GeneratorAtARate, SourceConformance, GeneratedAtARate);
INSTANTIATE_TYPED_TEST_SUITE_P(CollectionSource, SourceConformance, Collection);
INSTANTIATE_TYPED_TEST_SUITE_P(TextLines, SourceConformance, Text);
INSTANTIATE_TYPED_TEST_SUITE_P(CsvFiles, SourceConformance, Csv);
INSTANTIATE_TYPED_TEST_SUITE_P(JsonFiles, SourceConformance, Json);
INSTANTIATE_TYPED_TEST_SUITE_P(HostSensors, SourceConformance, Sensors);

}  // namespace
}  // namespace millrace::test_support
