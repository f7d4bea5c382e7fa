#include "millrace/base/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace millrace {

std::string BytesText(std::int64_t bytes) {
  static constexpr struct {
    std::int64_t size;
    const char* name;
  } kUnits[] = {{std::int64_t{1} << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}};
  char text[64];
  for (const auto& unit : kUnits) {
    if (bytes < unit.size && bytes > -unit.size) continue;
    const double n = static_cast<double>(bytes) / static_cast<double>(unit.size);
    std::snprintf(text, sizeof(text), bytes % unit.size == 0 ? "%.0f %s" : "%.1f %s", n, unit.name);
    return text;
  }
  return std::to_string(bytes) + " bytes";
}

std::int64_t ResidentBytes() {
  static const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  static const std::int64_t page = sysconf(_SC_PAGESIZE);
  char text[128];
  const ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
  if (n <= 0) return 0;
  text[n] = 0;
  char* end = nullptr;
  std::strtoll(text, &end, 10);  // total size
  return std::strtoll(end, nullptr, 10) * page;
}

namespace {

/// As it is given on the command line.
std::string OptionText(std::int64_t bytes) {
  std::string text = BytesText(bytes);
  if (text.find('.') != std::string::npos || bytes < 1024)
    return "-D memory=" + std::to_string(bytes);
  text.erase(text.find(' '), 1);
  return "-D memory=" + text;
}

constexpr const char* kNames[] = {"batches", "state", "network buffers", "snapshot buffers",
                                  "user objects"};

}  // namespace

void MemoryAccount::ThrowExceeded(MemoryUse use, std::int64_t bytes) const {
  std::string message = "out of memory: ";
  message += kNames[static_cast<int>(use)];
  message += bytes > 0 ? ": " + BytesText(bytes) + " more do" : ": it does";
  message += " not fit into " + OptionText(limit_) + ", of which";
  const char* comma = " ";
  for (int i = 0; i < kMemoryUses; ++i) {
    const std::int64_t part = used(static_cast<MemoryUse>(i));
    if (part <= 0) continue;
    message += comma + BytesText(part) + " are used by " + kNames[i];
    comma = ", ";
  }
  throw MemoryExceeded(message +
                       "; raise -D memory, or keep less (windows and timers that end, state that "
                       "is cleared, fewer keys)");
}

void MemoryAccount::ThrowRecordTooLarge(std::int64_t bytes) const {
  throw MemoryExceeded("hand on a record of about " + BytesText(bytes) +
                       ": a single record is larger than all of " + OptionText(limit_) +
                       "; raise -D memory, or split the record");
}

}  // namespace millrace
