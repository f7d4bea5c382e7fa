#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// A part file that is complete, as a checkpoint has it: docs/formats/file_committable.md. Its names carry job and run.
struct FileCommittable {
  std::string folder;    // the sink's, absolute, with its scheme
  std::string pending;   // name in it
  std::string bucket;    // the folder in it where the finished file stands; empty: the sink's own
  std::string finished;  // name in that
  std::uint64_t bytes = 0;

  std::string Encoded() const;
  static std::optional<FileCommittable> Decode(std::string_view bytes);
};

}  // namespace millrace
