// File sinks: names, when files roll, buckets, what is replaced, what stands in the way. What they promise over failures is in
// sink_conformance_test.cc and tests/chaos.
#include "millrace/connectors/file_sink.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "connectors/file/file_committable.h"
#include "connectors/file/part_names.h"
#include "millrace/base/random.h"
#include "millrace/millrace.h"
#include "tests/support/memory_file_system.h"
#include "tests/support/seeds.h"
#include "tests/support/sink_run.h"

namespace millrace {
namespace {

TEST(PartNames, OfEveryStageAreReadBack) {
  const PartName replaced{3, "", 0}, second{3, "", 12}, added{0, "20261126T114759-9f3a01c2", 7};
  EXPECT_EQ(replaced.ToString(".txt"), "part-3.txt");
  EXPECT_EQ(second.ToString(".txt"), "part-3-12.txt");
  EXPECT_EQ(added.ToString(".csv"), "part-0-20261126T114759-9f3a01c2-7.csv");
  for (const PartName& name : {replaced, second, added, PartName{9, "17", 0}}) {
    const auto parsed = PartName::Parse(name.ToString(".txt"), ".txt");
    ASSERT_TRUE(parsed.has_value()) << name.ToString(".txt");
    EXPECT_EQ(parsed->subtask, name.subtask);
    EXPECT_EQ(parsed->run, name.run);
    EXPECT_EQ(parsed->number, name.number);
    for (const char* stage : {kInProgress, kPending}) {
      const std::string hidden = HiddenName::Make(name.ToString(".txt"), "job-1", stage);
      EXPECT_EQ(hidden.front(), '.');
      const auto found = HiddenName::Parse(hidden, ".txt");
      ASSERT_TRUE(found.has_value()) << hidden;
      EXPECT_EQ(found->job_id, "job-1");
      EXPECT_EQ(found->part.ToString(".txt"), name.ToString(".txt"));
    }
  }
}

TEST(PartNames, WhatIsNoSinksIsNotTakenForOne) {
  for (const char* name :
       {"", "part-", "part-.txt", "part-x.txt", "part-1.csv", "part-1", "part-1.txt.bak",
        "part-01.txt", "part--1.txt", "part-1-.txt", "part-1--2.txt", "part-1-run-.txt",
        "part-1-run-x.txt", "part-99999999999.txt", "Part-1.txt", "part-1 .txt"})
    EXPECT_FALSE(PartName::Parse(name, ".txt").has_value()) << name;
  for (const char* name : {"part-1.txt.job.pending", ".part-1.txt.job", ".part-1.txt.pending",
                           ".part-1.csv.job.pending", ".other.txt.job.inprogress", ".pending"})
    EXPECT_FALSE(HiddenName::Parse(name, ".txt").has_value()) << name;
}

TEST(PartNames, ABucketStaysBelowItsFolder) {
  for (const char* good : {"a", "a b", "2026-11-26--11", "sensor=x/day=2", "_x", "a..b"})
    EXPECT_EQ(WrongBucket(good), "") << good;
  for (const char* bad : {"", "/", "/a", "a/", "a//b", ".", "..", "a/../b", ".hidden", "a\nb"})
    EXPECT_NE(WrongBucket(bad), "") << bad;
  EXPECT_NE(WrongBucket(std::string(256, 'x')), "");
  EXPECT_NE(WrongBucket(std::string("a\0b", 3)), "");
}

TEST(FileCommittable, IsReadBackAndNothingElseIs) {
  const FileCommittable file{"/data/out", ".part-0-r-1.txt.j.pending", "a/b", "part-0-r-1.txt", 99};
  const std::string bytes = file.Encoded();
  const auto back = FileCommittable::Decode(bytes);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->Encoded(), bytes);
  EXPECT_EQ(back->bytes, 99U);
  EXPECT_EQ(back->bucket, "a/b");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(FileCommittable::Decode(bytes.substr(0, size)).has_value()) << size;
  EXPECT_FALSE(FileCommittable::Decode(bytes + "x").has_value());
  EXPECT_FALSE(FileCommittable::Decode("\2" + bytes.substr(1)).has_value()) << "a newer version";
}

TEST(RollingPolicy, SaysWhenAndWhatIsWrong) {
  RollingPolicy policy;
  EXPECT_FALSE(policy.looks_at_time());
  EXPECT_FALSE(policy.Due(INT64_MAX - 1));
  EXPECT_FALSE(policy.Due(0, 0, INT64_MAX - 1));
  policy = {100, 50, 10};
  EXPECT_FALSE(policy.Due(99));
  EXPECT_TRUE(policy.Due(100));
  EXPECT_FALSE(policy.Due(1000, 1041, 1049));
  EXPECT_TRUE(policy.Due(1000, 1041, 1050)) << "open for 50 ms";
  EXPECT_TRUE(policy.Due(1000, 1005, 1015)) << "no record for 10 ms";
  EXPECT_EQ(policy.Mistake(), "");
  EXPECT_EQ(RollingPolicy{.bytes = 0}.Mistake(), "RollAt: 0 bytes: it must be at least 1");
  EXPECT_EQ(RollingPolicy{.after_millis = -5}.Mistake(), "RollAfter: -5 ms: it must be at least 1");
  EXPECT_EQ(RollingPolicy{.inactive_millis = 0}.Mistake(),
            "RollInactive: 0 ms: it must be at least 1");
}

TEST(TimeBuckets, AreNamedByTheirBeginInUtc) {
  TimeBuckets hours = EventTimeHours(), days = EventTimeDays();
  const auto at = [](std::int64_t millis) { return EventTime::FromMillis(millis); };
  EXPECT_EQ(hours.NameOf(at(0)), "1970-01-01--00");
  EXPECT_EQ(hours.NameOf(at(3599999)), "1970-01-01--00");
  EXPECT_EQ(hours.NameOf(at(3600000)), "1970-01-01--01");
  EXPECT_EQ(hours.NameOf(at(-1)), "1969-12-31--23");
  EXPECT_EQ(days.NameOf(at(1700000000000)), "2023-11-14");
  EXPECT_EQ(days.NameOf(kMinTimestamp), "0001-01-01");
  EXPECT_EQ(days.NameOf(kMaxTimestamp), "9999-12-31");
  for (const std::uint64_t seed : test_support::Seeds(1, 2000)) {
    Random random(seed);
    const std::int64_t near = random.Chance(0.5) ? 1700000000000 : 0;
    const EventTime time = at(near + static_cast<std::int64_t>(random.Uniform(100000000)));
    const std::string text = time.ToString();
    EXPECT_EQ(hours.NameOf(time), text.substr(0, 10) + "--" + text.substr(11, 2));
  }
  EXPECT_THROW(hours.NameOf(EventTime::Min()), FileError);
  EXPECT_THROW(hours.NameOf(EventTime::Max()), FileError);
}

/// A sink of texts in a folder in memory, one subtask, on a manual clock.
template <class Sink>
class Written {
 public:
  explicit Written(const Sink& sink, bool checkpoints = true) : registered_(&files_) {
    typename Run::Setting setting;
    setting.checkpoints = checkpoints;
    setting.clock = &clock_;
    run_.emplace(sink, setting);
  }
  void Write(const std::string& text, std::int64_t millis = 0) {
    run_->Write(0, text, EventTime::FromMillis(millis));
  }
  void Pass(Duration time) { clock_.AdvanceMillis(time.count()); }
  /// Finished files, by what is behind "part-0-run-" (the whole path with buckets).
  std::map<std::string, std::string> Finish() {
    (void)run_->Prepare(1);
    run_->Commit(1);
    run_->Close();
    std::map<std::string, std::string> finished;
    for (const std::string& path : files_.paths()) finished[path] = *files_.Bytes(path);
    return finished;
  }

 private:
  using Run = test_support::SinkRun<std::string, Sink>;
  struct Registered {
    explicit Registered(FileSystem* files) { RegisterFileSystem("sink", files); }
    ~Registered() { RegisterFileSystem("sink", nullptr); }
  };
  MemoryFileSystem files_;
  Registered registered_;
  ManualClock clock_{1700000000000};  // 2023-11-14T22:13:20Z
  std::optional<Run> run_;
};
using Files = std::map<std::string, std::string>;

TEST(FileSink, TheRecordThatReachesTheSizeIsTheLastOfItsFile) {
  Written written(TextFileSink("sink://out").RollAt(10));
  for (const char* text : {"1234", "5678", "abcdefghijklm", "x"}) written.Write(text);
  EXPECT_EQ(written.Finish(), (Files{{"out/part-0-run-0.txt", "1234\n5678\n"},
                                     {"out/part-0-run-1.txt", "abcdefghijklm\n"},
                                     {"out/part-0-run-2.txt", "x\n"}}));
}

TEST(FileSink, AFileLongerThanABlockRollsWhereItShould) {
  Written written(TextFileSink("sink://out").RollAt(600000));
  std::string all;
  for (int i = 0; i < 15000; ++i) {
    written.Write(std::string(99, static_cast<char>('a' + i % 26)));
    all += std::string(99, static_cast<char>('a' + i % 26)) + "\n";
  }
  const Files files = written.Finish();
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files.at("out/part-0-run-0.txt"), all.substr(0, 600000));
  EXPECT_EQ(files.at("out/part-0-run-1.txt"), all.substr(600000, 600000));
  EXPECT_EQ(files.at("out/part-0-run-2.txt"), all.substr(1200000));
}

TEST(FileSink, NoRecordJoinsAFileThatIsOpenForTooLong) {
  Written written(TextFileSink("sink://out").RollAfter(Duration(1000)));
  written.Write("a");
  written.Pass(Duration(999));
  written.Write("b");
  written.Pass(Duration(1));
  written.Write("c");
  EXPECT_EQ(written.Finish(),
            (Files{{"out/part-0-run-0.txt", "a\nb\n"}, {"out/part-0-run-1.txt", "c\n"}}));
}

TEST(FileSink, NoRecordJoinsAFileWithoutOneForTooLong) {
  Written written(TextFileSink("sink://out").RollInactive(Duration(100)));
  for (const char* text : {"a", "b"}) {
    written.Write(text);
    written.Pass(Duration(99));
  }
  written.Pass(Duration(1));
  written.Write("c");
  EXPECT_EQ(written.Finish(),
            (Files{{"out/part-0-run-0.txt", "a\nb\n"}, {"out/part-0-run-1.txt", "c\n"}}));
}

TEST(FileSink, ABucketWithoutRecordsClosesItsFile) {
  Written written(
      TextFileSink("sink://out").RollInactive(Duration(100)).Buckets([](const std::string& text) {
        return text.substr(0, 1);
      }));
  written.Write("a1");
  for (int i = 0; i < 5; ++i) {  // b is busy
    written.Pass(Duration(50));
    written.Write("b" + std::to_string(i));
  }
  written.Write("a2");
  EXPECT_EQ(written.Finish(), (Files{{"out/a/part-0-run-0.txt", "a1\n"},
                                     {"out/b/part-0-run-1.txt", "b0\nb1\nb2\nb3\nb4\n"},
                                     {"out/a/part-0-run-2.txt", "a2\n"}}));
}

TEST(FileSink, BucketsByEventTimeTakeLateRecordsToo) {
  Written written(TextFileSink("sink://out").Buckets(EventTimeHours()));
  written.Write("one", 3600000);
  written.Write("zero", 0);
  written.Write("one again", 3600001);
  EXPECT_EQ(written.Finish(), (Files{{"out/1970-01-01--00/part-0-run-1.txt", "zero\n"},
                                     {"out/1970-01-01--01/part-0-run-0.txt", "one\none again\n"}}));
}

TEST(FileSink, BucketsByProcessingTimeFollowTheClock) {
  Written written(TextFileSink("sink://out").Buckets(ProcessingTimeHours()));
  written.Write("a");
  written.Pass(Duration(3600 * 1000));
  written.Write("b");
  EXPECT_EQ(written.Finish(), (Files{{"out/2023-11-14--22/part-0-run-0.txt", "a\n"},
                                     {"out/2023-11-14--23/part-0-run-1.txt", "b\n"}}));
}

TEST(FileSink, ABucketFunctionMayTakeTheTime) {
  Written written(TextFileSink("sink://out").Buckets([](const std::string&, EventTime time) {
    return "t" + std::to_string(time.millis());
  }));
  written.Write("a", 5);
  EXPECT_EQ(written.Finish(), (Files{{"out/t5/part-0-run-0.txt", "a\n"}}));
}

TEST(FileSink, ABucketOutsideOfTheFolderFailsTheJob) {
  Written written(TextFileSink("sink://out").Buckets([](const std::string& text) { return text; }));
  try {
    written.Write("../elsewhere");
    FAIL() << "it went there";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find(
                  "open a file of bucket '../elsewhere': a part of it begins with '.'"),
              std::string::npos)
        << e.what();
  }
}

TEST(FileSink, EachCsvFileHasAHeader) {
  MemoryFileSystem files;
  RegisterFileSystem("sink", &files);
  const CsvRows format{CsvOptions{}};
  std::string out;
  format.Begin<MalformedLine>(out);
  EXPECT_EQ(out, "path,line,column,text,reason\n");
  {
    test_support::SinkRun<MalformedLine, CsvFileSink> run(CsvFileSink("sink://out").RollAt(1), {});
    for (int i = 0; i < 2; ++i) run.Write(0, {"p", i, 1, "t", "r"});
    (void)run.Prepare(1);
    run.Commit(1);
  }
  EXPECT_EQ(*files.Bytes("out/part-0-run-0.csv"), out + "p,0,1,t,r\n");
  EXPECT_EQ(*files.Bytes("out/part-0-run-1.csv"), out + "p,1,1,t,r\n");
  RegisterFileSystem("sink", nullptr);
}

class FileSinkFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "millrace-sink-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Files Found() const {
    Files files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[std::filesystem::relative(entry.path(), folder_)] =
          std::string(std::istreambuf_iterator<char>(in), {});
    }
    return files;
  }
  template <class Sink>
  static Status Run(const Sink& sink, std::vector<std::string> lines, int parallelism = 1) {
    StreamEnvironment env;
    env.SetParallelism(parallelism);
    env.FromCollection("lines", std::move(lines)).SinkTo("files", sink);
    return env.Run("write").status;
  }
  std::string folder_;
};

TEST_F(FileSinkFolder, WithoutCheckpointsRolledFilesOfAnEarlierRunAreReplacedToo) {
  ASSERT_TRUE(Run(TextFileSink(folder_).RollAt(1), {"a", "b", "c"}).ok());
  EXPECT_EQ(Found(),
            (Files{{"part-0.txt", "a\n"}, {"part-0-1.txt", "b\n"}, {"part-0-2.txt", "c\n"}}));
  std::ofstream(folder_ + "/part-0-1b.txt") << "of nobody\n";
  std::ofstream(folder_ + "/part-0-x-9.txt") << "of a job with checkpoints\n";
  ASSERT_TRUE(Run(TextFileSink(folder_).RollAt(3), {"d", "e", "f"}).ok());
  EXPECT_EQ(Found(), (Files{{"part-0.txt", "d\ne\n"},
                            {"part-0-1.txt", "f\n"},
                            {"part-0-1b.txt", "of nobody\n"},
                            {"part-0-x-9.txt", "of a job with checkpoints\n"}}));
}

TEST_F(FileSinkFolder, BucketsAreAddedTo) {
  const auto sink = TextFileSink(folder_).Buckets([](const std::string& line) { return line; });
  ASSERT_TRUE(Run(sink, {"a", "b"}).ok());
  ASSERT_TRUE(Run(sink, {"a"}).ok());
  int in_a = 0, in_b = 0;
  for (const auto& [path, bytes] : Found()) {
    in_a += path.starts_with("a/part-0-") && bytes == "a\n" ? 1 : 0;
    in_b += path.starts_with("b/part-0-") && bytes == "b\n" ? 1 : 0;
  }
  EXPECT_EQ(in_a, 2);
  EXPECT_EQ(in_b, 1);
  EXPECT_EQ(Found().size(), 3U);
}

TEST_F(FileSinkFolder, AFileInTheWayIsNotWrittenOver) {
  std::ofstream(folder_ + "/a") << "somebody's\n";
  const Status status =
      Run(TextFileSink(folder_).Buckets([](const std::string& line) { return line; }), {"a"});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("commit output files: "), std::string::npos) << status.message();
  EXPECT_NE(status.message().find(folder_ + "/a"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("Not a directory"), std::string::npos) << status.message();
  EXPECT_EQ(Found(), (Files{{"a", "somebody's\n"}}));
}

TEST_F(FileSinkFolder, WhatACommitFindsOtherThanItWasIsNotPublished) {
  test_support::SinkRun<std::string, TextFileSink> run(TextFileSink(folder_), {});
  run.Write(0, "a");
  const test_support::SinkCheckpoint first = run.Prepare(1);
  std::ofstream(folder_ + "/.part-0-run-0.txt.job.pending") << "longer than it was\n";
  try {
    run.Commit(1);
    FAIL() << "it is published";
  } catch (const std::exception& e) {
    EXPECT_NE(std::string(e.what()).find("has 19 bytes, 2 were written"), std::string::npos)
        << e.what();
  }
  std::ofstream(folder_ + "/.part-0-run-0.txt.job.pending") << "a\n";
  std::ofstream(folder_ + "/part-0-run-0.txt") << "somebody's\n";
  EXPECT_THROW(run.Commit(1), std::exception);
  EXPECT_EQ(Found().at("part-0-run-0.txt"), "somebody's\n");
}

TEST_F(FileSinkFolder, AReaderMayTakeFinishedFilesAwayButNotTheirFolder) {
  test_support::SinkCheckpoint first;
  {
    test_support::SinkRun<std::string, TextFileSink> run(TextFileSink(folder_ + "/out"), {});
    run.Write(0, "a");
    first = run.Prepare(1);
    run.Commit(1);
  }
  std::filesystem::remove(folder_ + "/out/part-0-run-0.txt");
  using Run = test_support::SinkRun<std::string, TextFileSink>;
  Run::Setting setting;
  setting.run = "run-2";
  setting.restore = &first;
  EXPECT_NO_THROW(Run(TextFileSink(folder_ + "/out"), setting));
  std::filesystem::remove_all(folder_ + "/out");
  EXPECT_THROW(Run(TextFileSink(folder_ + "/elsewhere"), setting), std::exception)
      << "nobody knows what became of its files";
}

TEST_F(FileSinkFolder, MistakesOfThePolicyAreErrorsOfThePlan) {
  const Status status = Run(TextFileSink(folder_).RollAt(0), {"a"});
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("'files': RollAt: 0 bytes: it must be at least 1"),
            std::string::npos)
      << status.message();
}

}  // namespace
}  // namespace millrace
