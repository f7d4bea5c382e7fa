// A disk that is slower than checkpoint.timeout: what waits for it does not become more with each checkpoint that is given up.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "millrace/graph/checkpoint_report.h"
#include "millrace/millrace.h"
#include "millrace/testing/test_cluster.h"
#include "tests/support/slow_files.h"

namespace millrace {
namespace {

constexpr int kGivenUp = 20;

/// Until so many checkpoints have come to the sink no snapshot file is synced.
class SlowDisk {
 public:
  SlowDisk() {
    files.before_sync = [this](const std::string& path) {
      if (path.ends_with(".snapshot")) fast_.wait();
    };
    RegisterFileSystem("slow", &files);
  }
  ~SlowDisk() { RegisterFileSystem("slow", nullptr); }
  void OnCheckpoint() {
    if (++checkpoints_ == kGivenUp) promise_.set_value();
  }
  bool slow() const { return checkpoints_ < kGivenUp; }
  SlowFiles files;

 private:
  std::promise<void> promise_;
  std::shared_future<void> fast_ = promise_.get_future().share();
  std::atomic<int> checkpoints_{0};
};

/// Numbers, as long as the disk is slow.
struct Numbers {
  using Record = std::int64_t;
  using Split = RangeSplit;
  SlowDisk* disk;

  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    return MakeStaticSplits<Split>({{0, 0, INT64_MAX}}, parallelism);
  }
  struct Reader {
    SlowDisk* disk;
    const Clock* clock;
    Split split;
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t) {
      if (!disk->slow()) return PollResult::End();
      out.Emit(split.next++);
      return PollResult::Waiting(clock->NowNanos() + 1000000);
    }
    Split Position() const { return split; }
  };
  Reader OpenSplit(const Split& split, const ReaderContext& context) const {
    return {disk, context.clock, split};
  }
};

/// Its first subtask tells the disk of each checkpoint that comes to it.
struct TellingSink {
  SlowDisk* disk;
  struct Writer {
    SlowDisk* disk;
    bool first;
    void Write(std::int64_t, EventTime) {}
    std::vector<std::string> PrepareCommit() {
      if (first) disk->OnCheckpoint();
      return {};
    }
    void Commit(const std::vector<std::string>&) {}
  };
  Writer CreateWriter(const WriterContext& context) const { return {disk, context.subtask == 0}; }
};

void RunOnASlowDisk(const std::string& pack_below) {
  SlowDisk disk;
  const JobResult result =
      testing::TestCluster::Threads()
          .Parallelism(2)
          .Option("checkpoint.dir", "slow://chk")
          .Option("checkpoint.interval", "1ms")
          .Option("checkpoint.timeout", "20ms")
          .Option("checkpoint.tolerable-failures", "1000000")
          .Option("checkpoint.retain", "1000")
          .Option("checkpoint.pack-below", pack_below)
          .Run([&](StreamEnvironment& env) {
            env.FromSource("numbers", Numbers{&disk})
                .KeyBy([](std::int64_t n) { return n % 10; })
                .Reduce("sums", [](std::int64_t a, std::int64_t b) { return a + b; })
                .SinkTo("telling", TellingSink{&disk});
          });
  ASSERT_TRUE(result.status.ok()) << result.status;
  EXPECT_GE(result.checkpoints->failed, std::uint64_t{kGivenUp} - 1);
  // Each had been given up before the next one began. Of those only the file that a task's uploads hung in was ever written.
  const auto files = disk.files.List("chk/tasks");
  ASSERT_TRUE(files.ok()) << files.status();
  int written = 0;
  for (int checkpoint = 1; checkpoint < kGivenUp; ++checkpoint) {
    const std::regex of_checkpoint("-c" + std::to_string(checkpoint) + "(-pack)?\\.snapshot$");
    for (const FileEntry& file : files.value())
      written += std::regex_search(file.name, of_checkpoint);
  }
  constexpr int kTasks = 4;  // two vertices
  EXPECT_GE(written, 1);
  EXPECT_LE(written, kTasks);
}

TEST(GivenUp, ADiskSlowerThanTheTimeoutIsNotLeftABacklogOfFiles) {
  RunOnASlowDisk("0");
}

TEST(GivenUp, ADiskSlowerThanTheTimeoutIsNotLeftABacklogOfPacks) {
  RunOnASlowDisk("16KiB");
}

}  // namespace
}  // namespace millrace
