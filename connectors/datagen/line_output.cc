#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include "millrace/connectors/simple_sinks.h"

namespace millrace {

PrintSink::Writer::Writer(const PrintSink& sink, const WriterContext& context)
    : out_(sink.stream == Stream::kErr ? STDERR_FILENO : STDOUT_FILENO), prefix_(sink.prefix) {
  if (context.parallelism > 1) {
    if (!prefix_.empty()) prefix_ += ':';
    prefix_ += std::to_string(context.subtask);
  }
  if (!prefix_.empty()) prefix_ += "> ";
}

void LineOutput::Flush() {
  // A pipe that is full lets other writers in between: the lines of one subtask would stand within those of another.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t n = write(fd_, buffer_.data() + done, buffer_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      throw std::runtime_error(std::string("write to file descriptor ") + std::to_string(fd_) +
                               ": " + std::strerror(errno));
    }
    done += static_cast<std::size_t>(n);
  }
  buffer_.clear();
}

}  // namespace millrace
