#include "millrace/connectors/static_splits.h"

#include <utility>

namespace millrace {
namespace {

class StaticSplits final : public SplitEnumerator {
 public:
  StaticSplits(std::vector<std::string> splits, int parallelism)
      : splits_(std::move(splits)), taken_(static_cast<std::size_t>(parallelism)) {}

  std::vector<std::string> Assign(int subtask, bool* no_more) override {
    const auto reader = static_cast<std::size_t>(subtask) % taken_.size();
    *no_more = true;
    std::vector<std::string> assigned;
    if (taken_[reader]) return assigned;
    taken_[reader] = true;
    for (std::size_t i = reader; i < splits_.size(); i += taken_.size()) assigned.push_back(splits_[i]);
    return assigned;
  }

 private:
  std::vector<std::string> splits_;
  std::vector<bool> taken_;
};

}  // namespace

std::unique_ptr<SplitEnumerator> MakeStaticSplitsOf(std::vector<std::string> splits, int parallelism) {
  return std::make_unique<StaticSplits>(std::move(splits), parallelism);
}

}  // namespace millrace
