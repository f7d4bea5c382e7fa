#pragma once

#include <set>
#include <string>

#include "connectors/file/file_committable.h"
#include "millrace/base/status.h"
#include "millrace/storage/file_system.h"

namespace millrace {

/// One commit: files are given their finished names, then the folders are synced. May be repeated, and gone on with after it
/// has failed or the job has died at any point of it.
class CommitFiles {
 public:
  /// `durable`: it survives the loss of power. `replaces`: files that are there already are an earlier run's.
  CommitFiles(bool durable, bool replaces) : durable_(durable), replaces_(replaces) {}

  Status Name(const FileCommittable& file);
  /// Until then a name may be lost with the power.
  Status Sync();

 private:
  struct Place {
    FileSystem* files;
    std::string folder;
    auto operator<=>(const Place&) const = default;
  };
  Status Rename(FileSystem& files, const std::string& from, const std::string& to,
                const std::string& folder) const;

  bool durable_;
  bool replaces_;
  std::set<Place> named_;    // folders with new names
  std::set<Place> emptied_;  // folders whose names are gone
};

}  // namespace millrace
