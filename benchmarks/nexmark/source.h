#pragma once

#include <memory>
#include <string_view>
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

/// Which texts of events a query copies.
enum class Keeps { kNone, kExtra, kAll };

/// The generator as a source. The chain sees the generator's own event: nothing is copied before a projection. Texts that will
/// be copied lie anywhere in two MiB: they are fetched some events before.
class NexmarkSource {
 public:
  using Record = Event;
  using Split = NexmarkSplit;
  NexmarkSource(const GeneratorConfig& whole, int splits, Keeps keeps)
      : whole_(whole), splits_(splits), keeps_(keeps) {}

  std::unique_ptr<millrace::SplitEnumerator> CreateEnumerator(int parallelism) const {
    std::vector<Split> splits;
    for (int i = 0; i < splits_; ++i) splits.push_back({i, splits_, 0});
    return millrace::MakeStaticSplits(splits, parallelism);
  }

  class Reader {
   public:
    Reader(const GeneratorConfig& config, Split split, Keeps keeps)
        : split_(split),
          keeps_(keeps),
          generator_(std::make_unique<Generator>(config)),
          given_(split.done) {
      generator_->SkipTo(split.done);
    }
    template <class Out>
    millrace::PollResult Poll(Out& out, std::uint32_t max_rows) {
      Generator& g = *generator_;
      for (std::uint32_t i = 0; i < max_rows; ++i) {
        while (g.HasNext() && g.emitted() < given_ + Generator::kKept) Fetch(g.Next());
        if (given_ == g.emitted()) return millrace::PollResult::End();
        out.Emit(g.event(++given_));
      }
      return millrace::PollResult::More();
    }
    Split Position() const { return {split_.index, split_.of, given_}; }

   private:
    // Inlined by force: gcc drops calls to a function that only prefetches, as one without effects.
    MILLRACE_INLINE void Fetch(const Event& e) const {
      if (keeps_ == Keeps::kNone) return;
      Fetch(e.extra);
      if (keeps_ == Keeps::kExtra || e.type != EventType::kBid) return;
      Fetch(e.channel_name);
      Fetch(e.url);
    }
    MILLRACE_INLINE static void Fetch(std::string_view text) {
      __builtin_prefetch(text.data());
      __builtin_prefetch(text.data() + text.size());
    }

    Split split_;
    Keeps keeps_;
    std::unique_ptr<Generator> generator_;
    std::int64_t given_;  // events
  };
  Reader OpenSplit(const Split& split, const millrace::ReaderContext&) const {
    return Reader(GeneratorConfig::Split(whole_, split.of, split.index), split, keeps_);
  }

 private:
  GeneratorConfig whole_;
  int splits_;
  Keeps keeps_;
};

}  // namespace nexmark
