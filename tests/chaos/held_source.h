#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "benchmarks/support/pace.h"
#include "millrace/operators/source/source_api.h"

namespace millrace::chaos {

/// Another source, at a pace. Its readers may be polled behind their end.
template <class Source>
class HeldSource {
 public:
  using Record = typename Source::Record;
  using Split = typename Source::Split;

  HeldSource(Source source, PaceSettings pace)
      : source_(std::move(source)), pace_(std::move(pace)) {}
  std::unique_ptr<SplitEnumerator> CreateEnumerator(int parallelism) const {
    return source_.CreateEnumerator(parallelism);
  }

  class Reader {
   public:
    using Inner = decltype(std::declval<const Source&>().OpenSplit(
        std::declval<const Split&>(), std::declval<const ReaderContext&>()));
    Reader(Inner inner, Pace pace) : inner_(std::move(inner)), pace_(std::move(pace)) {}
    template <class Out>
    PollResult Poll(Out& out, std::uint32_t max_rows) {
      const std::uint32_t rows = pace_.Take(max_rows);
      if (rows == 0) return pace_.Wait();
      const PollResult result = inner_.Poll(out, rows);
      return result.status == PollStatus::kEnd ? pace_.End() : result;
    }
    Split Position() const { return inner_.Position(); }

   private:
    Inner inner_;
    Pace pace_;
  };
  Reader OpenSplit(const Split& split, const ReaderContext& context) const {
    return Reader(source_.OpenSplit(split, context), Pace(pace_, context.clock));
  }

 private:
  Source source_;
  PaceSettings pace_;
};

}  // namespace millrace::chaos
