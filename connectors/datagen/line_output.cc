#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "millrace/connectors/simple_sinks.h"

namespace millrace {

PrintSink::Writer::Writer(const WriterContext& context)
    : out_(1), prefix_(context.parallelism > 1 ? std::to_string(context.subtask) + "> " : "") {}

void LineOutput::Flush() {
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
