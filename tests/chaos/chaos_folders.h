#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "runtime/checkpoint/checkpoint_folder.h"
#include "tests/support/memory_file_system.h"

// The two checkpoint folders, "one" and "two", between which a job that dies now and then may move.
namespace millrace::chaos {

/// The folder that has the newest checkpoint; "" when there is none.
inline std::string WithNewest(MemoryFileSystem& files) {
  std::int64_t newest = 0;
  std::string found;
  for (const char* folder : {"one", "two"}) {
    const auto manifests = ListManifests(files, folder);
    if (!manifests.ok() || manifests.value().empty()) continue;
    if (manifests.value().rbegin()->first <= newest) continue;
    newest = manifests.value().rbegin()->first;
    found = folder;
  }
  return found;
}

inline void Remove(MemoryFileSystem& files, const std::string& folder) {
  for (const std::string& path : files.paths()) {
    if (path.starts_with(folder + "/")) EXPECT_TRUE(files.Remove(path).ok());
  }
}

/// The job's id, by the newest checkpoint; empty while there is none.
inline std::string JobId(MemoryFileSystem& files) {
  const std::string folder = WithNewest(files);
  if (folder.empty()) return {};
  return ReadManifest(files, ListManifests(files, folder).value().rbegin()->second).value().job_id;
}

}  // namespace millrace::chaos
