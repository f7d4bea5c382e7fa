#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/storage/file_system.h"

namespace millrace {

class LocalCopy;

/// A file with a copy that nobody relies on: an error there ends the copy, and is not told to who writes.
class DoubledFile final : public WritableFile {
 public:
  DoubledFile(std::unique_ptr<WritableFile> file, std::unique_ptr<WritableFile> copy,
              std::string copy_path, LocalCopy* local)
      : file_(std::move(file)),
        copy_(std::move(copy)),
        copy_path_(std::move(copy_path)),
        local_(local) {}

  Status Append(std::string_view bytes) override { return AppendAll({&bytes, 1}); }
  Status AppendAll(std::span<const std::string_view> pieces) override;
  /// Of the file alone: a copy that is lost with the power is read from there.
  Status Sync() override { return file_->Sync(); }
  Status Close() override;

 private:
  /// Removes what there is of the copy when it has failed: on a full disk others want the room.
  void Look(const Status& copied);

  std::unique_ptr<WritableFile> file_, copy_;  // copy_: null when it has failed
  const std::string copy_path_;
  LocalCopy* local_;
};

}  // namespace millrace
