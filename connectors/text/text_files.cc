#include "millrace/connectors/text_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace millrace {
namespace {

[[noreturn]] void Fail(const std::string& what, const std::string& path, int error) {
  throw FileError(what + " '" + path + "': " + std::strerror(error));
}

void CheckReadable(const std::string& path, mode_t mode) {
  // Pipes, sockets and devices would block the thread, and can't be read again from where a job stopped.
  if (!S_ISREG(mode)) throw FileError("read input file '" + path + "': it is no regular file");
  if (access(path.c_str(), R_OK) != 0) Fail("read input file", path, errno);
}

}  // namespace

std::vector<std::string> ListFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    struct stat info{};
    if (stat(path.c_str(), &info) != 0) Fail("read input file", path, errno);
    if (!S_ISDIR(info.st_mode)) {
      CheckReadable(path, info.st_mode);
      files.push_back(path);
      continue;
    }
    std::error_code error;
    std::vector<std::string> inside;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with('.') || name.starts_with('_') || !entry.is_regular_file()) continue;
      CheckReadable(entry.path().string(), S_IFREG);
      inside.push_back(entry.path().string());
    }
    if (error) throw FileError("list input folder '" + path + "': " + error.message());
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

std::unique_ptr<SplitEnumerator> SplitsOfFiles(const std::vector<std::string>& paths,
                                               int parallelism) {
  std::vector<FileSplit> splits;
  for (const std::string& path : paths) {
    std::vector<std::string> files = ListFiles({path});
    if (files.empty()) {
      throw FileError("read input folder '" + path +
                      "': there is no file in it (those whose names begin with '.' or '_' don't "
                      "count, nor those of folders in it)");
    }
    for (std::string& file : files) splits.push_back({std::move(file), 0, 1});
  }
  return MakeStaticSplits(splits, parallelism, kOpenFiles);
}

LineReader::LineReader(FileSplit from, std::size_t block)
    : position_(std::move(from)), block_(block) {
  fd_ = open(position_.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) Fail("read input file", position_.path, errno);
  if (position_.offset > 0 && lseek(fd_, position_.offset, SEEK_SET) < 0)
    Fail("seek in input file", position_.path, errno);
}

LineReader::~LineReader() {
  if (fd_ >= 0) close(fd_);
}

LineReader::LineReader(LineReader&& o) noexcept
    : position_(std::move(o.position_)),
      block_(o.block_),
      fd_(std::exchange(o.fd_, -1)),
      buffer_(std::move(o.buffer_)),
      begin_(o.begin_),
      record_(o.record_),
      first_(o.first_),
      first_size_(o.first_size_),
      extended_(o.extended_),
      ended_(o.ended_) {}

bool LineReader::Next(std::string_view* line) {
  record_ = begin_;
  extended_ = 0;
  if (!Take(line)) return false;
  first_ = begin_ - record_;
  first_size_ = line->size();
  return true;
}

bool LineReader::Extend(std::string_view* line) {
  if (begin_ - record_ > kLongestRecord || !Take(line)) return false;
  ++extended_;
  return true;
}

std::string_view LineReader::TakeBack() {
  position_.offset -= static_cast<std::int64_t>(begin_ - record_ - first_);
  position_.line -= extended_;
  begin_ = record_ + first_;
  extended_ = 0;
  return std::string_view(buffer_).substr(record_, first_size_);
}

bool LineReader::Take(std::string_view* line) {
  std::size_t searched = begin_;
  std::size_t end = 0;
  while ((end = buffer_.find('\n', searched)) == std::string::npos) {
    searched = buffer_.size() - record_;
    if (!Fill()) {
      if (begin_ == buffer_.size()) return false;
      end = buffer_.size();
      break;
    }
  }
  const std::size_t next = end < buffer_.size() ? end + 1 : end;
  position_.offset += static_cast<std::int64_t>(next - begin_);
  ++position_.line;
  if (end > begin_ && buffer_[end - 1] == '\r') --end;
  *line = std::string_view(buffer_).substr(record_, end - record_);
  begin_ = next;
  return true;
}

bool LineReader::Fill() {
  if (ended_) return false;
  buffer_.erase(0, record_);
  begin_ -= std::exchange(record_, 0);
  if (buffer_.size() > kLongestLine) {
    throw FileError("read input file '" + position_.path + "': line " +
                    std::to_string(position_.line) + " is longer than " +
                    std::to_string(kLongestLine) + " bytes");
  }
  const std::size_t before = buffer_.size();
  buffer_.resize(before + block_);
  ssize_t n = 0;
  do {
    n = read(fd_, buffer_.data() + before, block_);
  } while (n < 0 && errno == EINTR);
  if (n < 0) Fail("read input file", position_.path, errno);
  buffer_.resize(before + static_cast<std::size_t>(n));
  ended_ = n == 0;
  return n > 0;
}

}  // namespace millrace
