#pragma once

#include <memory>
#include <vector>

#include "benchmarks/nexmark/generator.h"
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
  NexmarkSource(const GeneratorConfig& whole, int splits) : whole_(whole), splits_(splits) {}

  std::unique_ptr<millrace::SplitEnumerator> CreateEnumerator(int parallelism) const {
    std::vector<Split> splits;
    for (int i = 0; i < splits_; ++i) splits.push_back({i, splits_, 0});
    return millrace::MakeStaticSplits(splits, parallelism);
  }

  class Reader {
   public:
    Reader(const GeneratorConfig& config, Split split)
        : split_(split), generator_(std::make_unique<Generator>(config)) {
      generator_->SkipTo(split.done);
    }
    template <class Out>
    millrace::PollResult Poll(Out& out, std::uint32_t max_rows) {
      Generator& g = *generator_;
      for (std::uint32_t i = 0; i < max_rows; ++i) {
        if (!g.HasNext()) return millrace::PollResult::End();
        out.Emit(g.Next());
      }
      return millrace::PollResult::More();
    }
    Split Position() const { return {split_.index, split_.of, generator_->emitted()}; }

   private:
    Split split_;
    std::unique_ptr<Generator> generator_;
  };
  Reader OpenSplit(const Split& split, const millrace::ReaderContext&) const {
    return Reader(GeneratorConfig::Split(whole_, split.of, split.index), split);
  }

 private:
  GeneratorConfig whole_;
  int splits_;
};

}  // namespace nexmark
