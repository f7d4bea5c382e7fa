// CSV and JSON lines as whole jobs: what is written is read again; malformed lines fail, are counted, or go to a side output.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "millrace/base/random.h"
#include "millrace/millrace.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Item {
  std::string name;
  std::int64_t amount = 0;
  std::optional<double> price;
  bool operator==(const Item&) const = default;
};
MILLRACE_RECORD(Item, name, amount, price);

class RecordFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "millrace-records-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }
  struct Outcome {
    Status status;
    std::vector<Item> items;
    std::vector<MalformedLine> malformed;
    std::uint64_t skipped = 0;
  };
  template <class Source>
  static Outcome Read(const Source& source, int parallelism = 1) {
    StreamEnvironment env;
    env.SetParallelism(parallelism);
    CollectSink<Item> items;
    CollectSink<MalformedLine> malformed;
    auto stream = env.FromSource("items", source);
    if (!source.side_output().empty()) {
      stream.SideOutput(OutputTag<MalformedLine>{source.side_output()})
          .SinkTo("malformed", malformed);
    }
    stream.SinkTo("collect", items);
    const JobResult result = env.Run("read");
    Outcome outcome{result.status, items.Take(), malformed.Take(), 0};
    for (const auto& op : result.operators) outcome.skipped += op.skipped;
    std::sort(outcome.items.begin(), outcome.items.end(),
              [](auto& a, auto& b) { return a.amount < b.amount; });
    return outcome;
  }
  std::string folder_;
};

TEST_F(RecordFilesTest, WhatIsWrittenIsReadAgain) {
  std::vector<Item> want;
  for (int i = 0; i < 3000; ++i) {
    want.push_back({i % 3 == 0 ? "line one\nline \"two\", \r\n" + std::to_string(i)
                               : "item " + std::to_string(i),
                    i,
                    {}});
    if (i % 2 == 0) want.back().price = i / 8.0;
  }
  for (const bool csv : {true, false}) {
    const std::string out = folder_ + (csv ? "/csv" : "/json");
    StreamEnvironment env;
    env.SetParallelism(2);
    auto items = env.FromCollection("items", want).Rebalance();
    if (csv) {
      std::move(items).SinkTo("files", CsvFileSink(out));
    } else {
      std::move(items).SinkTo("files", JsonFileSink(out));
    }
    const JobResult result = env.Run("write");
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    EXPECT_EQ(ListFiles({out}).size(), 2u);
    const Outcome read = csv ? Read(CsvFiles<Item>(out), 2) : Read(JsonFiles<Item>(out), 2);
    ASSERT_TRUE(read.status.ok()) << read.status.ToString();
    EXPECT_EQ(read.items, want);
  }
}

TEST_F(RecordFilesTest, AMalformedLineFailsTheJobAndSaysWhere) {
  const std::string csv = Write("a.csv", "name,amount,price\na,1,\nb,two,3\n");
  const Outcome c = Read(CsvFiles<Item>(csv));
  ASSERT_FALSE(c.status.ok());
  EXPECT_NE(c.status.message().find(
                "read input file '" + csv +
                "', line 3, column 3: field 'amount': 'two' is not an integer, in: b,two,3"),
            std::string::npos)
      << c.status.message();
  const std::string json =
      Write("a.jsonl", "{\"name\":\"a\",\"amount\":1}\n\n{\"name\":\"b\",\"amont\":1}\n");
  const Outcome j = Read(JsonFiles<Item>(json));
  ASSERT_FALSE(j.status.ok());
  EXPECT_NE(j.status.message().find("', line 3, column 13: the record Item has no field 'amont' "
                                    "(did you mean 'amount'?), in: "),
            std::string::npos)
      << j.status.message();
}

TEST_F(RecordFilesTest, MalformedLinesAreCountedOrGoToASideOutput) {
  const std::string csv = Write(
      "a.csv",
      "\xef\xbb\xbfprice,amount,name\n,1,a\nx,2,b\n\n3.5,4,\"c\nd\"\r\n,5,\"open\n,6,e\n,7,f\"g\n");
  const Outcome counted = Read(CsvFiles<Item>(csv).SkipMalformed());
  ASSERT_TRUE(counted.status.ok()) << counted.status.ToString();
  const std::vector<Item> good{{"a", 1, {}}, {"c\nd", 4, 3.5}, {"e", 6, {}}};
  EXPECT_EQ(counted.items, good);
  EXPECT_EQ(counted.skipped, 3u);

  const Outcome side = Read(CsvFiles<Item>(csv).MalformedTo("malformed"));
  ASSERT_TRUE(side.status.ok()) << side.status.ToString();
  EXPECT_EQ(side.items, good);
  ASSERT_EQ(side.malformed.size(), 3u);
  EXPECT_EQ(ToText(side.malformed[0]), "{path: \"" + csv +
                                           "\", line: 3, column: 1, text: \"x,2,b\", reason: "
                                           "\"field 'price': 'x' is not a number\"}");
  EXPECT_EQ(side.malformed[1].line, 7);
  EXPECT_EQ(side.malformed[1].text, ",5,\"open");
  EXPECT_EQ(side.malformed[2].line, 9);
  EXPECT_EQ(side.malformed[2].column, 5);

  const std::string json = Write(
      "a.jsonl",
      "{\"name\":\"a\",\"amount\":1}\nnonsense\n{\"name\":\"b\",\"amount\":2,\"price\":null}");
  const Outcome j = Read(JsonFiles<Item>(json).MalformedTo("bad"));
  ASSERT_TRUE(j.status.ok()) << j.status.ToString();
  EXPECT_EQ(j.items.size(), 2u);
  ASSERT_EQ(j.malformed.size(), 1u);
  EXPECT_EQ(j.malformed[0].line, 2);
}

TEST_F(RecordFilesTest, AHeaderThatDoesNotFitFailsWithEveryPolicy) {
  const std::string csv = Write("a.csv", "name,amuont,price\na,1,\n");
  const Outcome c = Read(CsvFiles<Item>(csv).SkipMalformed());
  ASSERT_FALSE(c.status.ok());
  EXPECT_NE(c.status.message().find(
                "line 1, column 6: the record Item has no field 'amuont' (did you mean 'amount'?)"),
            std::string::npos)
      << c.status.message();
}

TEST_F(RecordFilesTest, AReaderGoesOnAtEveryPosition) {
  for (const std::uint64_t seed : test_support::Seeds(1, 40)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::string text = "amount,name,price\n";
    for (int i = 0; i < 8; ++i) {
      static constexpr const char* kLines[] = {"1,a,2\n", "2,\"a\nb\"\"\n\n\",\n", "x,bad,\n",
                                               "\n",      "3,\"open,\n",           "4,c,\r\n"};
      text += kLines[random.Uniform(6)];
    }
    const std::string path = Write("a.csv", text);
    const auto rest = [&](const FileSplit& from) {
      CsvFileReader reader(TypeInfoOf<Item>(), {}, from);
      std::vector<std::string> seen;
      Item item;
      MalformedLine bad;
      for (FileRecord next; (next = reader.Next(&item, &bad)) != FileRecord::kEnd;) {
        seen.push_back(next == FileRecord::kRecord ? ToText(item) : ToText(bad));
      }
      return seen;
    };
    const auto all = rest({path, 0, 1});
    CsvFileReader reader(TypeInfoOf<Item>(), {}, {path, 0, 1});
    Item item;
    MalformedLine bad;
    for (std::size_t i = 0; i <= all.size(); ++i) {
      EXPECT_EQ(rest(reader.position()),
                std::vector<std::string>(all.begin() + static_cast<std::ptrdiff_t>(i), all.end()));
      EXPECT_EQ(reader.Next(&item, &bad) == FileRecord::kEnd, i == all.size());
    }
  }
}

TEST_F(RecordFilesTest, MoreFilesThanAreOpenAtOnce) {
  for (int i = 0; i < 300; ++i)
    Write("f" + std::to_string(i) + ".csv", "a," + std::to_string(i) + ",\n");
  const Outcome read = Read(CsvFiles<Item>(folder_, {.header = false}), 2);
  ASSERT_TRUE(read.status.ok()) << read.status.ToString();
  ASSERT_EQ(read.items.size(), 300u);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(read.items[static_cast<std::size_t>(i)].amount, i);
}

}  // namespace
}  // namespace millrace
