#include "millrace/connectors/static_splits.h"

#include <deque>
#include <utility>

#include "millrace/connectors/collection.h"

namespace millrace {

template std::string internal::DescribeRecord(const RangeSplit&);

namespace {

class StaticSplits final : public SplitEnumerator {
 public:
  StaticSplits(std::vector<std::string> splits, int parallelism, std::size_t at_once)
      : at_once_(at_once), left_(static_cast<std::size_t>(parallelism)) {
    Deal(std::move(splits));
  }

  std::vector<std::string> Assign(int subtask, bool* no_more) override {
    std::deque<std::string>& left = left_[static_cast<std::size_t>(subtask) % left_.size()];
    std::vector<std::string> assigned;
    for (; !left.empty() && assigned.size() < at_once_; left.pop_front())
      assigned.push_back(std::move(left.front()));
    *no_more = left.empty();
    return assigned;
  }
  /// The splits that nobody has, by the subtask whose they are.
  std::string Snapshot() const override {
    ByteWriter out;
    out.PutCount(left_.size());
    for (const auto& left : left_) {
      out.PutCount(left.size());
      for (const std::string& split : left) out.PutString(split);
    }
    return std::string(out.view());
  }
  /// At the same parallelism they stay whose they were: a subtask that has come far in the time of its own splits must not be given
  /// one that nobody has begun.
  bool Restore(std::string_view bytes) override {
    std::vector<std::deque<std::string>> left;
    ByteReader in(bytes);
    std::uint32_t subtasks = 0, count = 0;
    if (!in.GetCount(sizeof(count), &subtasks)) return false;
    for (; subtasks > 0; --subtasks) {
      left.emplace_back();
      if (!in.GetCount(sizeof(count), &count)) return false;
      std::string_view split;
      for (; count > 0 && in.GetString(&split); --count) left.back().emplace_back(split);
    }
    if (!in.AtEnd()) return false;
    if (left.size() == left_.size()) {
      left_ = std::move(left);
      return true;
    }
    left_.assign(left_.size(), {});
    std::vector<std::string> all;  // about in the order that they had
    for (bool any = true; any;) {
      any = false;
      for (auto& of_subtask : left) {
        if (of_subtask.empty()) continue;
        any = true;
        all.push_back(std::move(of_subtask.front()));
        of_subtask.pop_front();
      }
    }
    Deal(std::move(all));
    return true;
  }

 private:
  void Deal(std::vector<std::string> splits) {
    for (std::size_t i = 0; i < splits.size(); ++i)
      left_[i % left_.size()].push_back(std::move(splits[i]));
  }

  std::size_t at_once_;
  std::vector<std::deque<std::string>> left_;  // by subtask
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
