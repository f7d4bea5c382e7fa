#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace millrace {

/// The due times of one key, without duplicates: a column of the keyed row, and the truth about its timers. One time
/// stands in place, more are kept in order beside.
class DueTimes {
 public:
  bool empty() const { return first_ == kNone; }
  std::size_t size() const { return empty() ? 0 : 1 + (more_ == nullptr ? 0 : more_->size()); }
  bool Contains(std::int64_t time) const {
    if (first_ == time) return !empty();
    return more_ != nullptr && std::binary_search(more_->begin(), more_->end(), time);
  }
  /// Calls `visit(time)` for each, in no order.
  template <class Visit>
  void ForEach(Visit visit) const {
    if (!empty()) visit(first_);
    if (more_ == nullptr) return;
    for (const std::int64_t time : *more_) visit(time);
  }
  /// False when it is there already.
  bool Insert(std::int64_t time) {
    time = Usable(time);
    if (empty()) {
      first_ = time;
      return true;
    }
    if (first_ == time) return false;
    if (more_ == nullptr) more_ = std::make_unique<std::vector<std::int64_t>>();
    const auto at = std::lower_bound(more_->begin(), more_->end(), time);
    if (at != more_->end() && *at == time) return false;
    more_->insert(at, time);
    return true;
  }
  /// False when it is not there.
  bool Erase(std::int64_t time) {
    time = Usable(time);
    if (empty()) return false;
    if (first_ == time) {
      first_ = kNone;
      if (more_ != nullptr) {
        first_ = more_->back();
        more_->pop_back();
        if (more_->empty()) more_.reset();
      }
      return true;
    }
    if (more_ == nullptr) return false;
    const auto at = std::lower_bound(more_->begin(), more_->end(), time);
    if (at == more_->end() || *at != time) return false;
    more_->erase(at);
    if (more_->empty()) more_.reset();
    return true;
  }
  void Clear() {
    first_ = kNone;
    more_.reset();
  }

 private:
  static constexpr std::int64_t kNone = INT64_MIN;
  static std::int64_t Usable(std::int64_t time) { return std::max(time, kNone + 1); }

  std::int64_t first_ = kNone;
  std::unique_ptr<std::vector<std::int64_t>> more_;
};

}  // namespace millrace
