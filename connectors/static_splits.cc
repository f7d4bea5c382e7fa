#include "millrace/connectors/static_splits.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "millrace/connectors/collection.h"

namespace millrace {

template std::string internal::DescribeRecord(const RangeSplit&);

namespace {

/// In front of the splits with their readers; the first version was the splits alone, behind their number.
constexpr std::uint32_t kWithReaders = UINT32_MAX;

class StaticSplits final : public SplitEnumerator {
 public:
  StaticSplits(std::vector<std::string> splits, int parallelism, std::size_t at_once)
      : at_once_(at_once), left_(static_cast<std::size_t>(parallelism)) {
    for (std::string& split : splits) Deal(std::move(split));
  }

  std::vector<std::string> Assign(int subtask, bool* no_more) override {
    std::deque<std::string>& left = left_[static_cast<std::size_t>(subtask) % left_.size()];
    std::vector<std::string> assigned;
    for (; !left.empty() && assigned.size() < at_once_; left.pop_front())
      assigned.push_back(std::move(left.front()));
    *no_more = left.empty();
    return assigned;
  }
  /// The splits that nobody has with their readers, those that come next first.
  std::string Snapshot() const override {
    std::size_t count = 0, most = 0;
    for (const auto& left : left_) {
      count += left.size();
      most = std::max(most, left.size());
    }
    ByteWriter out;
    out.Put(kWithReaders);
    out.PutCount(left_.size());
    out.PutCount(count);
    for (std::size_t i = 0; i < most; ++i) {
      for (std::size_t reader = 0; reader < left_.size(); ++reader) {
        if (i >= left_[reader].size()) continue;
        out.PutCount(reader);
        out.PutString(left_[reader][i]);
      }
    }
    return std::string(out.view());
  }
  /// As many readers as then get the same ones: in-flight watermarks may say how far theirs have come.
  bool Restore(std::string_view bytes) override {
    ByteReader in(bytes);
    std::uint32_t count = 0, readers = 0, reader = 0;
    if (!in.Get(&count)) return false;
    const bool with_readers = count == kWithReaders;
    if (with_readers && (!in.Get(&readers) || !in.Get(&count))) return false;
    for (auto& left : left_) left.clear();
    next_ = 0;
    for (; count > 0; --count) {
      std::string_view split;
      if (with_readers && (!in.Get(&reader) || reader >= readers)) return false;
      if (!in.GetString(&split)) return false;
      if (with_readers && readers == left_.size()) next_ = reader;
      Deal(std::string(split));
    }
    return in.AtEnd();
  }

 private:
  void Deal(std::string split) {
    left_[next_].push_back(std::move(split));
    next_ = (next_ + 1) % left_.size();
  }

  std::size_t at_once_;
  std::vector<std::deque<std::string>> left_;  // by reader
  std::size_t next_ = 0;                       // the reader that the next split is dealt to
};

}  // namespace

std::unique_ptr<SplitEnumerator> MakeStaticSplitsOf(std::vector<std::string> splits,
                                                    int parallelism, std::size_t at_once) {
  return std::make_unique<StaticSplits>(std::move(splits), parallelism, at_once);
}

std::unique_ptr<SplitEnumerator> OneRange(std::int64_t end) {
  return MakeStaticSplits<RangeSplit>({{0, 0, end}}, 1);
}

}  // namespace millrace
