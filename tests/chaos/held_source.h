#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "millrace/operators/source_api.h"

namespace millrace::chaos {

/// A source that is read at a rate, and comes to its end only when a file is there: a job that has one lives until whoever
/// does it harm is done, however fast the machine is.
template <class Source>
class HeldSource {
 public:
  using Record = typename Source::Record;
  using Split = typename Source::Split;

  /// `rate` is that of each split, in records a second; 0: flat out. Without `until` nothing is waited for.
  HeldSource(Source source, double rate, std::string until)
      : source_(std::move(source)), rate_(rate), until_(std::move(until)) {}
  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    return source_.CreateEnumerator(parallelism);
  }

  class Reader {
   public:
    using Inner = decltype(std::declval<const Source&>().OpenSplit(
        std::declval<const Split&>(), std::declval<const ReaderContext&>()));
    Reader(Inner inner, const HeldSource& held, const Clock* clock)
        : inner_(std::move(inner)),
          rate_(held.rate_),
          until_(held.until_),
          clock_(clock),
          start_(clock->NowNanos()) {}
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t max_rows) {
      const std::int64_t now = clock_->NowNanos();
      if (!read_) {
        const std::uint32_t rows = Due(max_rows, now);
        if (rows == 0) return PollResult::Waiting(now + kTickNanos);
        const std::uint32_t before = out.count();
        const PollResult result = inner_.Poll(out, rows);
        emitted_ += out.count() - before;
        if (result.status != PollStatus::kEnd) return result;
        read_ = true;
      }
      const bool held = !until_.empty() && access(until_.c_str(), F_OK) != 0;
      return held ? PollResult::Waiting(now + kTickNanos) : PollResult::End();
    }
    Split Position() const { return inner_.Position(); }

   private:
    std::uint32_t Due(std::uint32_t max_rows, std::int64_t now) const {
      if (rate_ <= 0) return max_rows;
      const auto due = static_cast<std::int64_t>(static_cast<double>(now - start_) * (rate_ / 1e9));
      return static_cast<std::uint32_t>(
          std::clamp<std::int64_t>(due - emitted_, 0, static_cast<std::int64_t>(max_rows)));
    }
    static constexpr std::int64_t kTickNanos = 1000 * 1000;

    Inner inner_;
    double rate_;
    std::string until_;
    const Clock* clock_;
    std::int64_t start_;
    std::int64_t emitted_ = 0;
    bool read_ = false;  // the split's last record has been emitted
  };
  Reader OpenSplit(const Split& split, const ReaderContext& context) const {
    return Reader(source_.OpenSplit(split, context), *this, context.clock);
  }

 private:
  Source source_;
  double rate_;
  std::string until_;
};

}  // namespace millrace::chaos
