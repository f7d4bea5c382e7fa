#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "millrace/operators/sink_tail.h"

namespace millrace::chaos {

/// A transactional sink of lines into a folder: a transaction is a file FOLDER/open/ID, and in FOLDER/done/ID once it is
/// committed, by one rename. What is in `done` stands outside of the job, and of its crashes.
class FolderSink {
 public:
  explicit FolderSink(std::string folder) : folder_(std::move(folder)) {}

  class Writer {
   public:
    Writer(std::string folder, std::string name)
        : folder_(std::move(folder)), name_(std::move(name)) {}
    void Write(const std::string& row, EventTime) { rows_ += row + "\n"; }
    std::vector<std::string> PrepareCommit() {
      if (rows_.empty()) return {};
      const std::string id = name_ + "-" + std::to_string(++prepared_);
      const int fd =
          open((folder_ + "/open/" + id).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
      if (fd < 0) throw std::runtime_error("create transaction " + id);
      const bool written =
          write(fd, rows_.data(), rows_.size()) == static_cast<ssize_t>(rows_.size()) &&
          fsync(fd) == 0;
      close(fd);
      if (!written) throw std::runtime_error("write transaction " + id);
      rows_.clear();
      return {id};
    }
    void Commit(const std::vector<std::string>& ids) {
      for (const std::string& id : ids) {
        const int done =
            std::rename((folder_ + "/open/" + id).c_str(), (folder_ + "/done/" + id).c_str());
        // Committed before, by a run that died behind it.
        if (done != 0 && access((folder_ + "/done/" + id).c_str(), F_OK) != 0)
          throw std::runtime_error("commit transaction " + id);
      }
    }

   private:
    std::string folder_, name_, rows_;
    std::uint64_t prepared_ = 0;
  };
  Writer CreateWriter(const WriterContext& context) const {
    return {folder_, context.run + "-" + context.sink_name + "-" + std::to_string(context.subtask)};
  }

 private:
  std::string folder_;
};

}  // namespace millrace::chaos
