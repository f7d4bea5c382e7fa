// Text files: lines at every block boundary, folders, positions, errors; and whole jobs that read and write them.
#include "millrace/connectors/text_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "millrace/base/random.h"
#include "millrace/millrace.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

class TextFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "millrace-text-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }
  static std::vector<std::string> Read(LineReader reader) {
    std::vector<std::string> lines;
    std::string_view line;
    while (reader.Next(&line)) lines.emplace_back(line);
    return lines;
  }
  std::string folder_;
};

TEST_F(TextFiles, LinesAreTheSameWithEveryBlockSizeAndFromEveryPosition) {
  for (const std::uint64_t seed : test_support::Seeds(1, 60)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::string text;
    std::vector<std::string> want;
    const auto lines = random.Uniform(12);
    for (std::uint64_t i = 0; i < lines; ++i) {
      want.emplace_back(random.Uniform(30), static_cast<char>('a' + i));
      text += want.back() + (random.Chance(0.3) ? "\r\n" : "\n");
    }
    if (random.Chance(0.5)) {
      want.push_back("without an end");
      text += want.back();
    }
    const std::string path = Write("text", text);
    for (std::size_t block : {1, 2, 3, 7, 16, 1000}) {
      EXPECT_EQ(Read(LineReader({path, 0, 1}, block)), want) << "block " << block;
    }
    // A job that goes on at a position reads exactly the rest.
    LineReader reader({path, 0, 1}, 5);
    std::string_view line;
    for (std::size_t i = 0; i <= want.size(); ++i) {
      EXPECT_EQ(reader.position().line, static_cast<std::int64_t>(i) + 1);
      EXPECT_EQ(
          Read(LineReader(reader.position())),
          std::vector<std::string>(want.begin() + static_cast<std::ptrdiff_t>(i), want.end()));
      EXPECT_EQ(reader.Next(&line), i < want.size());
    }
  }
}

TEST_F(TextFiles, AFolderStandsForItsFiles) {
  Write("b.txt", "2\n");
  Write("a.txt", "1\n");
  Write(".hidden", "no\n");
  Write("_SUCCESS", "no\n");
  std::filesystem::create_directory(folder_ + "/inner");
  EXPECT_EQ(ListFiles({folder_}),
            (std::vector<std::string>{folder_ + "/a.txt", folder_ + "/b.txt"}));
}

TEST_F(TextFiles, AMissingFileIsAClearErrorBeforeAnyRecord) {
  StreamEnvironment env;
  env.FromSource("lines", TextLines(folder_ + "/nothing")).SinkTo("out", BlackholeSink{});
  const JobResult result = env.Run("job");
  ASSERT_FALSE(result.status.ok());
  EXPECT_NE(result.status.message().find("read input file '" + folder_ +
                                         "/nothing': No such file or directory"),
            std::string::npos)
      << result.status.message();
}

TEST_F(TextFiles, WhatIsWrittenIsReadAgain) {
  std::vector<std::string> want;
  for (int i = 0; i < 5000; ++i) want.push_back("line number " + std::to_string(i * 7919 % 5000));
  for (const char* driver : {"threads", "seeded"}) {
    const std::string out = folder_ + "/" + driver;
    {
      StreamEnvironment env;
      env.SetParallelism(2);
      env.SetOption("driver", driver);
      env.FromCollection("lines", want).Rebalance().SinkTo("files", TextFileSink(out));
      const JobResult result = env.Run("write");
      ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    }
    EXPECT_EQ(ListFiles({out}).size(), 2u);
    StreamEnvironment env;
    env.SetParallelism(2);
    env.SetOption("driver", driver);
    auto got = env.FromSource("lines", TextLines(out)).ExecuteAndCollect("read");
    ASSERT_TRUE(got.ok()) << got.status().ToString();
    std::vector<std::string> sorted = got.value(), expected = want;
    std::sort(sorted.begin(), sorted.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(sorted, expected);
  }
}

TEST_F(TextFiles, ARunReplacesTheFilesOfAnEarlierOne) {
  const std::string out = folder_ + "/out";
  for (const int parallelism : {3, 1}) {
    StreamEnvironment env;
    env.SetParallelism(parallelism);
    env.FromCollection("lines", std::vector<std::string>{"a", "b", "c"})
        .Rebalance()
        .SinkTo("files", TextFileSink(out));
    ASSERT_TRUE(env.Run("write").status.ok());
    Write("out/part-7.csv", "of another sink\n");
    Write("out/part-7b.txt", "of nobody\n");
    const std::size_t kept = 2;
    EXPECT_EQ(ListFiles({out}).size(), static_cast<std::size_t>(parallelism) + kept);
  }
}

TEST_F(TextFiles, AFailedJobLeavesNoFile) {
  StreamEnvironment env;
  env.FromCollection("lines", std::vector<std::string>{"a", "b"})
      .Map([](const std::string& line) {
        if (line == "b") throw std::runtime_error("no");
        return line;
      })
      .SinkTo("files", TextFileSink(folder_ + "/out"));
  EXPECT_FALSE(env.Run("write").status.ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/out"));
}

}  // namespace
}  // namespace millrace
