#include "tests/chaos/runner/output_reader.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <utility>

#include "connectors/file/part_names.h"

namespace millrace::chaos {
namespace {

namespace fs = std::filesystem;

constexpr char kSuffix[] = ".txt";
constexpr std::int32_t kMostAttempts = 10000;

std::string BytesOf(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

template <class Fn>
void ForEachLine(std::string_view bytes, Fn fn) {
  std::int64_t line = 0;
  for (std::size_t at = 0, end = 0; (end = bytes.find('\n', at)) != std::string_view::npos;
       at = end + 1) {
    fn(bytes.substr(at, end - at), line++);
  }
}

/// Calls `fn(path, name)` for each file; files come, get their names and go meanwhile.
template <class Fn>
void ForEachFile(const fs::path& folder, Fn fn) {
  std::error_code gone;
  fs::recursive_directory_iterator at(folder, gone);
  for (; !gone && at != fs::recursive_directory_iterator(); at.increment(gone)) {
    std::error_code fault;
    if (at->is_directory(fault)) continue;
    fn(at->path(), at->path().filename().string());
  }
}

/// "20261126T114759-9f3a01c2-3": the third attempt behind the first of that process.
struct RunName {
  explicit RunName(const std::string& run) : process(run) {
    const std::size_t last = run.rfind('-');
    if (last == std::string::npos || last == run.find('-')) return;
    process = run.substr(0, last);
    std::from_chars(run.data() + last + 1, run.data() + run.size(), attempt);
  }
  std::string process;
  std::int32_t attempt = 0;
};

}  // namespace

std::int32_t OutputReader::NumberOf(const std::string& run) {
  const RunName name(run);
  const std::int32_t process = processes_.emplace(name.process, process_).first->second;
  return process * kMostAttempts + name.attempt;
}

void OutputReader::Look() {
  ++looks_;
  std::vector<fs::path> fresh;
  ForEachFile(folder_, [&](const fs::path& path, const std::string& name) {
    if (name.starts_with('.')) {
      const auto hidden = HiddenName::Parse(name, kSuffix);
      if (hidden.has_value()) NumberOf(hidden->part.run);
      return;
    }
    const auto [at, is_fresh] = files_.emplace(path.string(), File{});
    at->second.look = looks_;
    if (is_fresh) fresh.push_back(path);
  });
  for (const fs::path& path : fresh) Read(path);
  for (const auto& [path, file] : files_) {
    if (file.look != looks_ && fs::exists(path)) continue;  // it came behind the iterator
    if (file.look != looks_) faults_.push_back(path + " is gone");
  }
}

void OutputReader::Read(const fs::path& path) {
  const auto part = PartName::Parse(path.filename().string(), kSuffix);
  if (!part.has_value()) return faults_.push_back(path.string() + " is no part file");
  const std::string bytes = BytesOf(path);
  files_[path].hash = HashOfRow(bytes);
  if (!bytes.ends_with('\n')) faults_.push_back(path.string() + " is cut off");
  RowPlace place{NumberOf(part->run), part->subtask, part->number, 0};
  ForEachLine(bytes, [&](std::string_view row, std::int64_t line) {
    place.line = line;
    rows_.Add(row, place, rules_);
  });
}

void OutputReader::LookAgain() {
  Look();
  for (const auto& [path, file] : files_) {
    if (HashOfRow(BytesOf(path)) != file.hash) faults_.push_back(path + " has changed");
  }
}

std::size_t OutputReader::Leftovers(const std::string& job_id) const {
  std::size_t count = 0;
  ForEachFile(folder_, [&](const fs::path&, const std::string& name) {
    const auto hidden = HiddenName::Parse(name, kSuffix);
    if (hidden.has_value() && hidden->job_id == job_id) ++count;
  });
  return count;
}

std::vector<std::string> OutputReader::Find(const std::vector<std::uint64_t>& hashes,
                                            std::size_t most) const {
  std::vector<std::string> found;
  for (const auto& [path, file] : files_) {
    if (found.size() >= most) break;
    ForEachLine(BytesOf(path), [&](std::string_view row, std::int64_t line) {
      if (found.size() >= most) return;
      const auto claim = rules_.claim ? rules_.claim(row) : std::nullopt;
      const auto wanted = [&](std::uint64_t hash) {
        return std::find(hashes.begin(), hashes.end(), hash) != hashes.end();
      };
      if (!wanted(HashOfRow(row)) && !(claim.has_value() && wanted(claim->key))) return;
      found.push_back(std::string(row) + "   " + path + ":" + std::to_string(line + 1));
    });
  }
  return found;
}

}  // namespace millrace::chaos
