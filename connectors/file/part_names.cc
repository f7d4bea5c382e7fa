#include "connectors/file/part_names.h"

#include <algorithm>
#include <charconv>

namespace millrace {
namespace {

constexpr std::string_view kPart = "part-";

/// Of all of `digits`, and as we write it: without a sign, or zeros before it.
template <class N>
bool ParseNumber(std::string_view digits, N* number) {
  const char* end = digits.data() + digits.size();
  const auto [rest, fault] = std::from_chars(digits.data(), end, *number);
  return fault == std::errc() && rest == end && std::to_string(*number) == digits && *number >= 0;
}

bool TakeOff(std::string_view* text, std::string_view end) {
  if (!text->ends_with(end)) return false;
  text->remove_suffix(end.size());
  return true;
}

}  // namespace

std::string PartName::ToString(std::string_view suffix) const {
  std::string name(kPart);
  name += std::to_string(subtask);
  if (!run.empty()) name += "-" + run;
  if (!run.empty() || number > 0) name += "-" + std::to_string(number);
  return name += suffix;
}

std::optional<PartName> PartName::Parse(std::string_view name, std::string_view suffix) {
  if (!name.starts_with(kPart) || !TakeOff(&name, suffix)) return std::nullopt;
  name.remove_prefix(std::min(name.size(), kPart.size()));
  PartName part;
  const std::size_t first = name.find('-');
  if (!ParseNumber(name.substr(0, first), &part.subtask)) return std::nullopt;
  if (first == std::string_view::npos) return part;
  const std::size_t last = name.rfind('-');
  if (!ParseNumber(name.substr(last + 1), &part.number)) return std::nullopt;
  if (last > first) {
    part.run = name.substr(first + 1, last - first - 1);
    if (part.run.empty()) return std::nullopt;
  }
  return part;
}

std::string HiddenName::Make(std::string_view finished, std::string_view job_id,
                             std::string_view stage) {
  std::string name = ".";
  name += finished;
  name += '.';
  name += job_id;
  return name += stage;
}

std::optional<HiddenName> HiddenName::Parse(std::string_view name, std::string_view suffix) {
  if (!name.starts_with('.')) return std::nullopt;
  name.remove_prefix(1);
  if (!TakeOff(&name, kInProgress) && !TakeOff(&name, kPending)) return std::nullopt;
  const std::size_t at = name.rfind('.');
  if (at == std::string_view::npos) return std::nullopt;
  auto part = PartName::Parse(name.substr(0, at), suffix);
  if (!part.has_value()) return std::nullopt;
  return HiddenName{*std::move(part), std::string(name.substr(at + 1))};
}

std::string WrongBucket(std::string_view bucket) {
  constexpr std::size_t kLongest = 255;
  while (true) {
    const std::size_t slash = bucket.find('/');
    const std::string_view part = bucket.substr(0, slash);
    if (part.empty()) return "a part of it is empty";
    if (part.front() == '.') return "a part of it begins with '.'";
    if (part.size() > kLongest) return "a part of it is longer than 255 bytes";
    if (std::any_of(part.begin(), part.end(),
                    [](char c) { return static_cast<unsigned char>(c) < ' '; }))
      return "it has a control character";
    if (slash == std::string_view::npos) return {};
    bucket.remove_prefix(slash + 1);
  }
}

}  // namespace millrace
