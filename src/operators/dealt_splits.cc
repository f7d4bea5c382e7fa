#include "src/operators/dealt_splits.h"

#include <algorithm>
#include <string_view>

namespace millrace {

void DealtSplits::Encode(ByteWriter& out) const {
  std::size_t count = 0, most = 0;
  for (const auto& splits : by_reader_) {
    count += splits.size();
    most = std::max(most, splits.size());
  }
  out.PutCount(by_reader_.size());
  out.PutCount(count);
  for (std::size_t i = 0; i < most; ++i) {
    for (std::size_t reader = 0; reader < by_reader_.size(); ++reader) {
      if (i >= by_reader_[reader].size()) continue;
      out.PutCount(reader);
      out.PutString(by_reader_[reader][i]);
    }
  }
}

bool DealtSplits::Decode(ByteReader& in, bool marked) {
  std::uint32_t readers = 0, count = 0, reader = 0;
  if ((marked && !in.Get(&readers)) || !in.GetCount(sizeof(count), &count)) return false;
  for (auto& splits : by_reader_) splits.clear();
  const bool same = marked && readers == by_reader_.size();
  for (std::size_t dealt = 0; count > 0; --count, ++dealt) {
    std::string_view split;
    if (marked && (!in.Get(&reader) || reader >= readers)) return false;
    if (!in.GetString(&split)) return false;
    by_reader_[same ? reader : dealt % by_reader_.size()].emplace_back(split);
  }
  return true;
}

}  // namespace millrace
