#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "millrace/storage/file_system.h"

namespace millrace {
namespace {

std::string ParentOf(const std::string& folder) {
  const std::size_t at = folder.rfind('/');
  if (at == std::string::npos) return {};
  return at == 0 ? "/" : folder.substr(0, at);
}

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

Status MakeDurableFolder(FileSystem& files, const std::string& folder) {
  std::vector<std::string> missing;
  for (std::string at = folder; !at.empty(); at = ParentOf(at)) {
    if (files.SyncFolder(at).code() != StatusCode::kNotFound) break;
    missing.push_back(at);
    if (at == "/") break;
  }
  MILLRACE_RETURN_IF_ERROR(files.MakeFolder(folder));
  for (auto made = missing.rbegin(); made != missing.rend(); ++made) {
    if (const std::string parent = ParentOf(*made); !parent.empty())
      MILLRACE_RETURN_IF_ERROR(files.SyncFolder(parent));
  }
  return Status::Ok();
}

}  // namespace millrace
