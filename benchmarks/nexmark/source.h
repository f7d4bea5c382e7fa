#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "benchmarks/nexmark/generator.h"
#include "benchmarks/support/pace.h"
#include "millrace/millrace.h"

namespace nexmark {

struct NexmarkSplit {
  std::int32_t index = 0;
  std::int32_t of = 1;
  std::int64_t done = 0;
};
MILLRACE_RECORD(NexmarkSplit, index, of, done);

/// The generator as a source. The chain sees the generator's own event: nothing is copied before a projection.
class NexmarkSource {
 public:
  using Record = Event;
  using Split = NexmarkSplit;
  NexmarkSource(const GeneratorConfig& whole, int splits, millrace::PaceSettings pace = {})
      : whole_(whole), splits_(splits), pace_(std::move(pace)) {}

  std::unique_ptr<millrace::SplitEnumerator> CreateEnumerator(int parallelism) const {
    std::vector<Split> splits;
    for (int i = 0; i < splits_; ++i) splits.push_back({i, splits_, 0});
    return millrace::MakeStaticSplits(splits, parallelism);
  }

  class Reader {
   public:
    static constexpr bool kTextsLast = true;
    Reader(const GeneratorConfig& config, Split split, millrace::Pace pace)
        : split_(split), generator_(std::make_unique<Generator>(config)), pace_(std::move(pace)) {
      generator_->SkipTo(split.done);
    }
    template <class Out>
    millrace::PollResult Poll(Out& out, std::uint32_t max_rows) {
      Generator& g = *generator_;
      const std::uint32_t rows = pace_.Take(std::min(max_rows, Generator::kTextsLast));
      if (rows == 0) return pace_.Wait();
      for (std::uint32_t i = 0; i < rows; ++i) {
        if (!g.HasNext()) return pace_.End();
        out.Emit(g.Next());
      }
      return millrace::PollResult::More();
    }
    Split Position() const { return {split_.index, split_.of, generator_->emitted()}; }

   private:
    Split split_;
    std::unique_ptr<Generator> generator_;
    millrace::Pace pace_;
  };
  Reader OpenSplit(const Split& split, const millrace::ReaderContext& context) const {
    return Reader(GeneratorConfig::Split(whole_, split.of, split.index), split,
                  millrace::Pace(pace_, context.clock));
  }

 private:
  GeneratorConfig whole_;
  int splits_;
  millrace::PaceSettings pace_;
};

}  // namespace nexmark
