#include "millrace/operators/pending_commits.h"

namespace millrace {

void PendingCommits::Add(std::int64_t checkpoint, std::vector<std::string> committables) {
  prepared_.push_back({checkpoint, std::move(committables)});
}

ByteWriter PendingCommits::Encoded() const {
  std::size_t count = 0;
  for (const Prepared& p : prepared_) count += p.committables.size();
  ByteWriter out;
  out.PutCount(count);
  for (const Prepared& p : prepared_) {
    for (const std::string& committable : p.committables) out.PutString(committable);
  }
  return out;
}

bool PendingCommits::Decode(std::string_view bytes, std::vector<std::string>* committables) {
  ByteReader in(bytes);
  std::uint32_t count = 0;
  if (!in.GetCount(4, &count)) return false;
  for (; count > 0; --count) {
    std::string_view committable;
    if (!in.GetString(&committable)) return false;
    committables->emplace_back(committable);
  }
  return in.AtEnd();
}

}  // namespace millrace
