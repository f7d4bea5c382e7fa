#pragma once

#include <sys/wait.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string>

namespace nexmark {

// What a job printed and its exit code; rows and checksums of its writers are added up.
struct Printed {
  std::string text, rows, checksum;
  int code = -1;
};
inline Printed Execute(const std::string& command) {
  Printed p;
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return p;
  char line[512];
  std::uint64_t rows = 0, checksum = 0;
  while (std::fgets(line, sizeof(line), pipe) != nullptr) {
    std::uint64_t r = 0, c = 0;
    if (std::sscanf(line, "%" SCNu64 " %16" SCNx64, &r, &c) == 2) {
      rows += r;
      checksum += c;
    } else {
      p.text += line;
    }
  }
  const int status = pclose(pipe);
  p.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  p.rows = std::to_string(rows);
  std::snprintf(line, sizeof(line), "%016" PRIx64, checksum);
  p.checksum = line;
  return p;
}

}  // namespace nexmark
