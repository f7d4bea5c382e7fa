#include "benchmarks/support/checkpoint_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace benchmark_support {

CheckpointFolder::CheckpointFolder() {
  const char* below = std::getenv("MILLRACE_BENCHMARK_DIR");
  std::string name = std::string(below == nullptr ? "/tmp" : below) + "/millrace-benchmark-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    std::perror(("make " + name).c_str());
    std::exit(1);
  }
  path_ = name;
}

CheckpointFolder::~CheckpointFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> CheckpointFolder::Settings(const std::string& interval) const {
  return {"checkpoint.interval=" + interval, "checkpoint.dir=" + (path_ / "checkpoints").string()};
}

double WriteRate(const std::filesystem::path& folder, int megabytes) {
  const std::string path = (folder / "write-rate").string();
  const std::string block(1 << 20, 'x');
  const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return 0;
  const auto began = std::chrono::steady_clock::now();
  bool good = true;
  for (int i = 0; i < megabytes && good; ++i)
    good = write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size());
  good = fsync(file) == 0 && good;
  close(file);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::filesystem::remove(path);
  return good ? megabytes / took.count() : 0;
}

}  // namespace benchmark_support
