#include "millrace/connectors/static_splits.h"

#include <utility>

#include "millrace/connectors/collection.h"

namespace millrace {

template std::string internal::DescribeRecord(const RangeSplit&);

namespace {

class StaticSplits final : public SplitEnumerator {
 public:
  StaticSplits(std::vector<std::string> splits, int parallelism, std::size_t at_once)
      : splits_(std::move(splits)), at_once_(at_once) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(parallelism); ++i) next_.push_back(i);
  }

  std::vector<std::string> Assign(int subtask, bool* no_more) override {
    std::size_t& next = next_[static_cast<std::size_t>(subtask) % next_.size()];
    std::vector<std::string> assigned;
    for (; next < splits_.size() && assigned.size() < at_once_; next += next_.size())
      assigned.push_back(splits_[next]);
    *no_more = next >= splits_.size();
    return assigned;
  }
  /// The splits that nobody has, in their order.
  std::string Snapshot() const override {
    std::vector<std::string_view> left;
    for (std::size_t i = 0; i < splits_.size(); ++i) {
      if (i >= next_[i % next_.size()]) left.emplace_back(splits_[i]);
    }
    ByteWriter out;
    out.PutCount(left.size());
    for (const std::string_view split : left) out.PutString(split);
    return std::string(out.view());
  }
  bool Restore(std::string_view bytes) override {
    ByteReader in(bytes);
    std::uint32_t count = 0;
    if (!in.GetCount(sizeof(count), &count)) return false;
    splits_.clear();
    std::string_view split;
    for (; count > 0 && in.GetString(&split); --count) splits_.emplace_back(split);
    for (std::size_t i = 0; i < next_.size(); ++i) next_[i] = i;
    return in.AtEnd();
  }

 private:
  std::vector<std::string> splits_;
  std::size_t at_once_;
  std::vector<std::size_t> next_;  // by reader: its next split
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
