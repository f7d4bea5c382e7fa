// expects: millrace: FromSource: Source needs OpenSplit(const Split&, const ReaderContext&)
// types: Source = Numbers
#include "millrace/millrace.h"
#include "tests/compile_fail/readings.h"

struct Range {
  std::int64_t next;
};
MILLRACE_RECORD(Range, next);

struct Numbers {
  using Record = std::int64_t;
  using Split = Range;
  struct Reader {
    template <class Out>
    millrace::PollResult Poll(Out&, std::uint32_t) {
      return millrace::PollResult::End();
    }
    Range Position() const { return {}; }
  };
  std::unique_ptr<millrace::SplitEnumerator> CreateEnumerator(int parallelism) const {
    return millrace::MakeStaticSplits(std::vector<Range>{{}}, parallelism);
  }
#ifdef FIXED
  Reader OpenSplit(const Range&, const millrace::ReaderContext&) const { return {}; }
#else
  Reader OpenSplit(const Range&) const { return {}; }
#endif
};

void Job(millrace::StreamEnvironment& env) {
  env.FromSource("numbers", Numbers()).Print();
}
