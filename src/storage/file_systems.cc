#include <map>
#include <mutex>
#include <string>

#include "millrace/storage/file_system.h"

namespace millrace {
namespace {

struct Registered {
  std::mutex mutex;
  std::map<std::string, FileSystem*> by_scheme;  // guarded by the mutex
};
Registered& All() {
  static Registered all;
  return all;
}

}  // namespace

void RegisterFileSystem(const std::string& scheme, FileSystem* files) {
  const std::lock_guard lock(All().mutex);
  if (files == nullptr) {
    All().by_scheme.erase(scheme);
  } else {
    All().by_scheme[scheme] = files;
  }
}

Result<FileLocation> LocateFiles(const std::string& path) {
  const std::size_t at = path.find("://");
  if (at == std::string::npos) return FileLocation{&LocalFileSystem(), path};
  const std::string scheme = path.substr(0, at);
  if (scheme == "file") return FileLocation{&LocalFileSystem(), path.substr(at + 3)};
  const std::lock_guard lock(All().mutex);
  const auto found = All().by_scheme.find(scheme);
  if (found == All().by_scheme.end()) {
    return Status::NotFound("find the file system of '" + path + "': there is none for '" + scheme +
                            "://' in this program");
  }
  return FileLocation{found->second, path.substr(at + 3)};
}

}  // namespace millrace
