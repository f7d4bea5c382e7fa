// The chaos job as a process with threads, killed with SIGKILL at random times and started again, at another parallelism too:
// what is committed in the end is what a run without faults gives.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/testing/test_cluster.h"
#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/oracle_sink.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;
using Rows = std::map<std::string, int>;

constexpr std::int64_t kRecords = 6000;

Rows Expected() {
  chaos::Oracle oracle;
  const auto result = testing::TestCluster::Seeded(1).Run([&](StreamEnvironment& env) {
    chaos::Build(env, {kRecords, 3, 0}, chaos::OracleSink(&oracle, "whole"));
  });
  EXPECT_TRUE(result.status.ok()) << result.status;
  return oracle.rows();
}

struct Folder {
  Folder() {
    char name[] = "/tmp/millrace-chaos-XXXXXX";
    path = mkdtemp(name);
    for (const char* part : {"open", "done"}) fs::create_directory(path / part);
  }
  ~Folder() { fs::remove_all(path); }
  Rows Committed() const {
    Rows rows;
    for (const auto& entry : fs::directory_iterator(path / "done")) {
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) ++rows[line];
    }
    return rows;
  }
  fs::path path;
};

pid_t Start(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    execv(argv[0], argv.data());
    _exit(127);
  }
  return pid;
}

bool EndsWithin(pid_t pid, int millis) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  pollfd ended{fd, POLLIN, 0};
  const bool ends = poll(&ended, 1, millis) > 0;
  close(fd);
  return ends;
}

TEST(Kill, WhatIsCommittedInTheEndIsThatOfARunWithoutFaults) {
  const Rows expected = Expected();
  ASSERT_GT(expected.size(), 3000U);
  for (const std::uint64_t seed : test_support::Seeds(1, 3)) {
    Random random(seed);
    const Folder folder;
    int kills = 0, restored = 0;
    for (int run = 0;; ++run) {
      ASSERT_LT(run, 40) << "seed " << seed << " in " << folder.path;
      const auto manifests = [&] {
        std::size_t n = 0;
        std::error_code none;
        for (const auto& e : fs::directory_iterator(folder.path / "chk", none))
          n += e.path().extension() == ".manifest" ? 1 : 0;
        return n;
      };
      if (run > 0 && manifests() > 0) ++restored;
      const std::string name = "r" + std::to_string(run);
      const pid_t pid = Start({CHAOS_JOB, folder.path, name, std::to_string(kRecords), "4000",
                               "--parallelism", std::to_string(1 + random.Uniform(3)), "-D",
                               "test.checkpoint.dir=" + (folder.path / "chk").string(), "-D",
                               "test.checkpoint.run=" + name, "-D", "test.checkpoint.interval=10"});
      ASSERT_GT(pid, 0);
      int status = 0;
      if (kills < 10) {
        if (!EndsWithin(pid, 1 + static_cast<int>(random.Uniform(400)))) {
          kill(pid, SIGKILL);
          ++kills;
        }
      }
      ASSERT_EQ(waitpid(pid, &status, 0), pid);
      if (WIFEXITED(status)) {
        ASSERT_EQ(WEXITSTATUS(status), 0) << "seed " << seed << ", run " << run;
        break;
      }
    }
    EXPECT_GT(kills, 2) << "seed " << seed;
    EXPECT_GT(restored, 1) << "seed " << seed;
    const Rows committed = folder.Committed();
    for (const auto& [row, count] : committed) {
      ASSERT_TRUE(expected.count(row) != 0) << "seed " << seed << ": a row too many: " << row;
      ASSERT_EQ(count, expected.at(row)) << "seed " << seed << ": " << row;
    }
    ASSERT_EQ(committed.size(), expected.size()) << "seed " << seed << ": rows are missing";
  }
}

}  // namespace
}  // namespace millrace
