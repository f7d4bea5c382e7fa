#include "millrace/connectors/static_splits.h"

#include <deque>
#include <utility>

#include "millrace/connectors/collection.h"
#include "src/operators/dealt_splits.h"

namespace millrace {

template std::string internal::DescribeRecord(const RangeSplit&);

namespace {

class StaticSplits final : public SplitEnumerator {
 public:
  StaticSplits(std::vector<std::string> splits, int parallelism, std::size_t at_once)
      : at_once_(at_once), readers_(static_cast<std::size_t>(parallelism)), left_(readers_) {
    for (std::size_t i = 0; i < splits.size(); ++i)
      left_.of(i % readers_).push_back(std::move(splits[i]));
  }

  std::vector<std::string> Assign(int subtask, bool* no_more) override {
    std::deque<std::string>& left = left_.of(static_cast<std::size_t>(subtask) % readers_);
    std::vector<std::string> assigned;
    for (; !left.empty() && assigned.size() < at_once_; left.pop_front())
      assigned.push_back(std::move(left.front()));
    *no_more = left.empty();
    return assigned;
  }
  /// The splits that nobody has.
  std::string Snapshot() const override {
    ByteWriter out;
    out.Put(DealtSplits::kMark);
    left_.Encode(out);
    return std::string(out.view());
  }
  bool Restore(std::string_view bytes) override {
    ByteReader in(bytes);
    std::uint32_t first = 0;
    const bool marked = in.Get(&first) && first == DealtSplits::kMark;
    if (!marked) in = ByteReader(bytes);
    return left_.Decode(in, marked) && in.AtEnd();
  }
  /// With fewer piles than subtasks some share one.
  bool DealsAhead(int parallelism) const override {
    return readers_ == static_cast<std::size_t>(parallelism);
  }
  bool RestoreSubtask(int subtask, std::string_view bytes) override {
    StaticSplits then({}, static_cast<int>(readers_), at_once_);
    if (!then.Restore(bytes)) return false;
    const auto reader = static_cast<std::size_t>(subtask);
    left_.of(reader) = std::move(then.left_.of(reader));
    return true;
  }

 private:
  std::size_t at_once_;
  std::size_t readers_;
  DealtSplits left_;
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
