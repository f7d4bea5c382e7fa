#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// The names of part files. Pure: no file is looked at.

/// What a finished part file's name says: "part-SUBTASK-RUN-NUMBER.txt"; where runs replace each other's files
/// "part-SUBTASK.txt", the next ones "part-SUBTASK-NUMBER.txt".
struct PartName {
  int subtask = 0;
  std::string run;  // empty where runs replace each other's files
  std::int64_t number = 0;

  std::string ToString(std::string_view suffix) const;
  /// None when the file is no sink's of this suffix.
  static std::optional<PartName> Parse(std::string_view name, std::string_view suffix);
};

inline constexpr char kInProgress[] = ".inprogress";
inline constexpr char kPending[] = ".pending";

/// A part file before it is finished: "." FINISHED "." JOB ".inprogress", or ".pending".
struct HiddenName {
  PartName part;
  std::string job_id;

  static std::string Make(std::string_view finished, std::string_view job_id,
                          std::string_view stage);
  static std::optional<HiddenName> Parse(std::string_view name, std::string_view suffix);
};

/// What is wrong with a bucket's name: it is a path below the sink's folder, without hidden parts. Empty when nothing is.
std::string WrongBucket(std::string_view bucket);

}  // namespace millrace
