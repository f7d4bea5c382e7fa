// expects: millrace: FromSource: Reader needs PollResult Poll(Out&, uint32_t)
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
#ifdef FIXED
    template <class Out>
    millrace::PollResult Poll(Out&, std::uint32_t) {
      return millrace::PollResult::End();
    }
#else
    template <class Out>
    void Poll(Out&, std::uint32_t) {}
#endif
    Range Position() const { return {}; }
  };
  std::unique_ptr<millrace::SplitEnumerator> CreateEnumerator(int parallelism) const {
    return millrace::MakeStaticSplits(std::vector<Range>{{}}, parallelism);
  }
  Reader OpenSplit(const Range&, const millrace::ReaderContext&) const { return {}; }
};

void Job(millrace::StreamEnvironment& env) {
  env.FromSource("numbers", Numbers()).Print();
}
