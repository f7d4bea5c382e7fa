// What is said of checkpoint options, folders and manifests that can't be; older checkpoints are never harmed.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/bad_input/bad_input.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

TEST(CheckpointMistakes, OfOptions) {
  const std::string length = "' is not a length of time such as 500ms, 1s, 5min or 2h";
  const std::string needs =
      " needs checkpoints: -D checkpoint.interval=TIME and -D checkpoint.dir=PATH";
  const Mistake kMistakes[] = {
      {"fine",
       2,
       "checkpoint.interval: '0s" + length + ", more than 0",
       {"-D", "checkpoint.interval=0s"}},
      {"fine", 2, "checkpoint.interval: '0" + length, {"-D", "checkpoint.interval=0"}},
      {"fine", 2, "checkpoint.interval: '-1s" + length, {"-D", "checkpoint.interval=-1s"}},
      {"fine", 2, "checkpoint.interval: '1.5s" + length, {"-D", "checkpoint.interval=1.5s"}},
      {"fine",
       2,
       "checkpoint.interval: '99999999d" + length,
       {"-D", "checkpoint.interval=99999999d"}},
      {"fine", 2, "checkpoint.pause: 'soon" + length, {"-D", "checkpoint.pause=soon"}},
      {"fine", 2, "checkpoint.timeout: '0ms" + length, {"-D", "checkpoint.timeout=0ms"}},
      {"fine",
       2,
       "checkpoint.retain: '0' is not a number from 1 to 1000000",
       {"-D", "checkpoint.retain=0"}},
      {"fine",
       2,
       "checkpoint.max-concurrent: '3' is not a number from 1 to 2",
       {"-D", "checkpoint.max-concurrent=3"}},
      {"fine", 2, "option -D checkpoint.dir needs a folder", {"-D", "checkpoint.dir="}},
      {"fine",
       2,
       "option -D checkpoint.local-copy needs a folder",
       {"-D", "checkpoint.local-copy="}},
      {"fine", 2, "-D checkpoint.local-copy" + needs, {"-D", "checkpoint.local-copy=/tmp/x"}},
      {"fine",
       2,
       "checkpoint.mode=fast: the value is one of aligned, unaligned",
       {"-D", "checkpoint.mode=fast"}},
      {"fine", 2, "did you mean checkpoint.interval?", {"-D", "checkpoint.intervall=1s"}},
      {"fine",
       2,
       "-D checkpoint.interval needs a folder: -D checkpoint.dir=PATH",
       {"-D", "checkpoint.interval=1s"}},
      {"fine",
       2,
       "-D checkpoint.dir needs -D checkpoint.interval=TIME",
       {"-D", "checkpoint.dir=/tmp/x"}},
      {"fine", 2, "--restore" + needs, {"--restore", "/tmp/x"}},
      {"fine", 2, "option --restore needs a checkpoint folder or a manifest in one", {"--restore"}},
      {"fine", 2, "-D restart-strategy.type" + needs, {"-D", "restart-strategy.type=fixed-delay"}},
      {"fine",
       2,
       "restart-strategy.type=often: the value is one of none, fixed-delay, failure-rate, "
       "exponential-delay",
       {"-D", "restart-strategy.type=often"}},
      {"fine",
       2,
       "restart-strategy.exponential-delay.jitter-factor: '2' is not a number from 0 to 1",
       {"-D", "restart-strategy.exponential-delay.jitter-factor=2"}},
  };
  for (const Mistake& m : kMistakes) Expect(m);
}

class Checkpoints : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "millrace-bad-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    chk_ = folder_ + "/chk";
  }
  void TearDown() override {
    chmod((folder_ + "/locked").c_str(), 0700);
    fs::remove_all(folder_);
  }
  std::vector<std::string> Options(std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {"-D", "checkpoint.interval=1s",
                                    "-D", "checkpoint.dir=" + chk_,
                                    "-D", "restart-strategy.type=none"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// Runs the job once: it leaves a checkpoint.
  void Run(std::vector<std::string> more = {}) const {
    BadJob job("sums", Options(std::move(more)));
    ASSERT_EQ(job.End(), 0) << job.said();
  }
  std::vector<std::string> Manifests() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(chk_)) {
      if (entry.path().extension() == ".manifest") found.push_back(entry.path().string());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  static void Damage(const std::string& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
  }
  std::string folder_, chk_;
};

TEST_F(Checkpoints, AJobIsStartedAgain) {
  Run();
  ASSERT_EQ(Manifests().size(), 1U);
  BadJob anew("sums", Options());
  EXPECT_EQ(anew.End(), 0);
  EXPECT_NE(anew.said().find("the job starts anew; the checkpoints that '" + chk_ +
                             "' has of earlier runs (the newest is 1) are left alone: --restore=" +
                             chk_ + " goes on from there"),
            std::string::npos)
      << anew.said();
  EXPECT_EQ(Manifests().size(), 2U) << "one of each run";
  BadJob on("sums", Options({"--restore=" + chk_, "--metrics=json"}));
  EXPECT_EQ(on.End(), 0);
  EXPECT_EQ(on.said().find("starts anew"), std::string::npos) << on.said();
  EXPECT_NE(on.said().find("\"name\":\"numbers\",\"parallelism\":1,\"in\":0"), std::string::npos)
      << "all was read before: " << on.said();
}

TEST_F(Checkpoints, OfWhichOlderOnesStayWithinTheirCount) {
  Run({"-D", "checkpoint.retain=2"});
  for (int i = 0; i < 4; ++i) Run({"-D", "checkpoint.retain=2", "--restore=" + chk_});
  EXPECT_EQ(Manifests().size(), 2U);
}

TEST_F(Checkpoints, ThatAreNotThere) {
  const std::string what = "restore from '" + folder_;
  Expect({"sums", 1, what + "/no': it is neither a checkpoint folder nor a manifest",
          Options({"--restore=" + folder_ + "/no"})});
  fs::create_directory(folder_ + "/empty");
  Expect({"sums", 1, what + "/empty': there is no complete checkpoint in this folder",
          Options({"--restore=" + folder_ + "/empty"})});
  Run();
  std::ofstream(folder_ + "/text") << "no manifest";
  Expect({"sums", 1, what + "/text': it is neither", Options({"--restore=" + folder_ + "/text"})});
  Expect({"sums", 1, "checkpoint-7.manifest': it is neither",
          Options({"--restore=" + chk_ + "/checkpoint-7.manifest"})});
}

TEST_F(Checkpoints, OfAProgramThatHasChanged) {
  Run();
  const std::string restore = "--restore=" + chk_;
  Expect({"sums under another name", 2,
          "restore checkpoint 1 of '" + chk_ +
              "': the job no longer has operators that have state in it: 'sums' (renamed? "
              "--allow-dropped-state drops their state)",
          Options({restore})});
  Expect({"sums by another key", 2,
          "the program has changed: operator 'sums': its key was int32 and is string",
          Options({restore})});
  Expect({"sums of another type", 2, "the program has changed: operator 'sums': its state ",
          Options({restore})});
  EXPECT_EQ(Manifests().size(), 1U);
  Expect({"sums under another name", 0, "the state of 'sums' is dropped",
          Options({restore, "--allow-dropped-state"})});
}

TEST_F(Checkpoints, OfWhichTheNewestIsDamaged) {
  Run();
  Run({"--restore=" + chk_});
  ASSERT_EQ(Manifests().size(), 2U);
  const std::string good = Manifests()[0];
  Damage(Manifests()[1], 30);
  Expect({"sums", 1, "Whole are: 1 (", Options({"--restore=" + chk_})});
  Expect(
      {"sums", 1, "To go on from one, name it: --restore=" + good, Options({"--restore=" + chk_})});
  EXPECT_TRUE(fs::exists(good));
  Run({"--restore=" + good});
}

TEST_F(Checkpoints, OfWhichAFileIsGone) {
  Run();
  fs::remove_all(chk_ + "/tasks");
  Expect({"sums", 1, "No such file or directory; no other checkpoint in '" + chk_ + "' is whole",
          Options({"--restore=" + chk_})});
}

TEST_F(Checkpoints, InAFolderThatAnotherJobHas) {
  BadJob first("endless", Options({"-D", "checkpoint.interval=10ms"}));
  while (!fs::exists(chk_ + "/checkpoint-2.manifest")) ASSERT_FALSE(first.EndsWithin(5));
  Expect({"endless", 1, "': job 'bad', process ", Options()});
  Expect({"endless", 1, " has it; each job needs a folder of its own", Options()});
  first.Signal(SIGKILL);
  EXPECT_EQ(first.End(), -SIGKILL);
  Run();  // the lock died with its process
}

TEST_F(Checkpoints, InAFolderThatCantBeWritten) {
  std::ofstream(folder_ + "/file") << "x";
  chk_ = folder_ + "/file";
  Expect({"sums", 1, "create folder '" + chk_, Options()});
  if (geteuid() == 0) return;  // root may write everything
  fs::create_directory(folder_ + "/locked");
  chmod((folder_ + "/locked").c_str(), 0500);
  chk_ = folder_ + "/locked";
  Expect({"sums", 1, "Permission denied", Options()});
}

TEST_F(Checkpoints, WithALocalCopyWhereNoneCanBe) {
  const auto with = [&](const std::string& copy) {
    return Options({"-D", "checkpoint.local-copy=" + copy});
  };
  const std::string option = "option -D checkpoint.local-copy: ";
  std::ofstream(folder_ + "/file") << "x";
  Expect({"sums", 2, option + "create folder '" + folder_ + "/file': Not a directory",
          with(folder_ + "/file")});
  fs::create_directory(chk_);
  fs::create_directory_symlink(chk_, folder_ + "/link");
  for (const std::string& same : {chk_, chk_ + "/", folder_ + "/link"})
    Expect({"sums", 2, option + "'" + same + "' is the checkpoint folder itself", with(same)});
  Expect({"sums", 2, option + "create folder '/proc/copies': No such file", with("/proc/copies")});
  Expect({"sums", 2, option + "find the file system of 'no://copies'", with("no://copies")});
  if (geteuid() == 0) return;  // root may write everything
  fs::create_directory(folder_ + "/locked");
  chmod((folder_ + "/locked").c_str(), 0500);
  Expect({"sums", 2, ": Permission denied", with(folder_ + "/locked")});
}

TEST_F(Checkpoints, WithALocalCopyThatIsReadAgain) {
  const std::vector<std::string> copy = {"-D", "checkpoint.local-copy=" + folder_ + "/fast"};
  Run(copy);
  fs::rename(chk_ + "/tasks", chk_ + "/away");  // all that is read of them is the copy
  auto options = Options(copy);
  options.insert(options.end(), {"--restore=" + chk_, "--metrics=json"});
  BadJob on("sums", options);
  EXPECT_EQ(on.End(), 0) << on.said();
  EXPECT_NE(on.said().find(" files from the local copy"), std::string::npos) << on.said();
  EXPECT_NE(on.said().find("\"restored\":1,\"restored_files\":{\"local\":"), std::string::npos)
      << on.said();
  EXPECT_NE(on.said().find(",\"storage\":0}"), std::string::npos) << on.said();
  EXPECT_NE(on.said().find("\"name\":\"numbers\",\"parallelism\":1,\"in\":0"), std::string::npos)
      << "all was read before: " << on.said();
}

TEST_F(Checkpoints, OfAJobThatFailsAlways) {
  std::vector<std::string> options = Options();
  options.back() = "restart-strategy.type=fixed-delay";
  options.insert(options.end(), {"-D", "restart-strategy.fixed-delay.delay=1ms", "-D",
                                 "restart-strategy.fixed-delay.attempts=3"});
  Expect({"fails always", 1,
          "(it was started again 3 times; 3 restarts were allowed "
          "(restart-strategy.fixed-delay.attempts))",
          options});
}

TEST_F(Checkpoints, OfAJobOneOfWhoseRegionsFails) {
  std::vector<std::string> options = Options();
  options.back() = "restart-strategy.type=fixed-delay";
  options.insert(options.end(), {"-D", "restart-strategy.fixed-delay.delay=1ms", "-D",
                                 "restart-strategy.fixed-delay.attempts=3"});
  options.emplace_back("--metrics");
  BadJob text("one of two pipelines fails twice", options);
  EXPECT_EQ(text.End(), 0) << text.said();
  EXPECT_NE(
      text.said().find(
          "warning restart 2 of region 'others -> fails -> nowhere' (1 of 2 tasks) in 0.00 s: "
          "operator 'others', subtask 0: std::runtime_error: failure 2 in step "
          "'fails', record 1"),
      std::string::npos)
      << text.said();
  EXPECT_NE(text.said().find("; restarts: 2 (2 of 'others -> fails -> nowhere': 1 of 2 tasks)"),
            std::string::npos)
      << text.said();
  options.back() = "--metrics=json";
  BadJob json("one of two pipelines fails twice", options);
  EXPECT_EQ(json.End(), 0) << json.said();
  EXPECT_NE(
      json.said().find("\"restarts\":2,\"region_restarts\":[{\"vertices\":[\"others -> fails -> "
                       "nowhere\"],\"subtask\":null,\"tasks\":1,\"of\":2,"
                       "\"restarts\":2}],\"checkpoints\":{"),
      std::string::npos)
      << json.said();
}

}  // namespace
}  // namespace millrace
