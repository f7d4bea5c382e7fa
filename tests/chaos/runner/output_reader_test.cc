#include "tests/chaos/runner/output_reader.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>

#include "tests/chaos/runner/job_rules.h"

namespace millrace::chaos {
namespace {

namespace fs = std::filesystem;

class OutputReaderTest : public ::testing::Test {
 protected:
  OutputReaderTest() {
    char name[] = "/tmp/millrace-reader-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~OutputReaderTest() override { fs::remove_all(folder_); }
  void Write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << bytes;
  }
  OutputReader Reader() const { return OutputReader(folder_, *RulesOf("all_features")); }

  fs::path folder_;
};

constexpr char kFirst[] = "part-0-20261126T114759-9f3a01c2-0.txt";

TEST_F(OutputReaderTest, ReadsEachFinishedFileOnce) {
  OutputReader reader = Reader();
  reader.Look();
  EXPECT_TRUE(reader.rows().rows().empty());
  Write(std::string("sink/bucket/") + kFirst, "seen|1|1|0\nseen|1|2|0\n");
  Write("sink/.part-0-20261126T114759-9f3a01c2-1.txt.J.pending", "seen|1|3|0\n");
  reader.Look();
  reader.Look();
  EXPECT_EQ(reader.rows().rows().size(), 2U);
  reader.LookAgain();
  EXPECT_TRUE(reader.faults().empty()) << reader.faults()[0];
  EXPECT_EQ(reader.Leftovers("J"), 1U);
  EXPECT_EQ(reader.Leftovers("other"), 0U);
}

TEST_F(OutputReaderTest, SeesWhatNoReaderShouldSee) {
  Write(kFirst, "seen|1|1|0\n");
  OutputReader reader = Reader();
  reader.Look();
  Write("part-1-20261126T114759-9f3a01c2-0.txt", "seen|2|1|0\nseen|2");
  reader.Look();
  ASSERT_EQ(reader.faults().size(), 1U);
  EXPECT_TRUE(reader.faults()[0].ends_with("is cut off"));
  Write(kFirst, "seen|1|2|0\n");
  reader.LookAgain();
  ASSERT_EQ(reader.faults().size(), 2U);
  EXPECT_TRUE(reader.faults()[1].ends_with("has changed"));
  fs::remove(folder_ / kFirst);
  reader.Look();
  ASSERT_EQ(reader.faults().size(), 3U);
  EXPECT_TRUE(reader.faults()[2].ends_with("is gone"));
}

/// Runs in one second: what order their names have does not matter. And attempts, the tenth behind the second.
TEST_F(OutputReaderTest, RunsAreInTheOrderOfProcessesAndAttempts) {
  OutputReader reader = Reader();
  reader.BeginProcess();
  Write(".part-0-20261126T114759-ffffffff-0.txt.J.pending", "seen|1|1|0\n");
  reader.Look();
  reader.BeginProcess();
  fs::rename(folder_ / ".part-0-20261126T114759-ffffffff-0.txt.J.pending",
             folder_ / "part-0-20261126T114759-ffffffff-0.txt");
  Write("part-0-20261126T114759-00000000-2-0.txt", "seen|1|2|0\n");
  Write("part-0-20261126T114759-00000000-10-0.txt", "seen|1|3|0\n");
  reader.Look();
  RowSet expected;
  for (const char* row : {"seen|1|1|0", "seen|1|2|0", "seen|1|3|0"}) expected.Add(row, {}, {});
  EXPECT_TRUE(Compare(expected, reader.rows(), *RulesOf("all_features")).exact());
}

TEST_F(OutputReaderTest, FindsRowsAndWhereTheyStand) {
  Write(kFirst, "pair|1|1|0\npair|1|2|0\n");
  OutputReader reader = Reader();
  reader.Look();
  const auto found = reader.Find({HashOfRow("pair|1|2|0")}, 3);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], "pair|1|2|0   " + (folder_ / kFirst).string() + ":2");
}

}  // namespace
}  // namespace millrace::chaos
