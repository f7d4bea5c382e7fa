#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/io/print.h"
#include "millrace/operators/chain/sink_tail.h"

namespace millrace {

/// Takes records and forgets them: `stream.SinkTo("nowhere", BlackholeSink{})`. (Flink: DiscardingSink)
struct BlackholeSink {
  struct Writer {
    template <class T>
    void Write(const T&, EventTime) {}
  };
  Writer CreateWriter(const WriterContext&) const { return {}; }
};

/// Writes text to a file descriptor, one line at a time, in blocks; throws when it can't.
class LineOutput {
 public:
  explicit LineOutput(int fd) : fd_(fd) {}
  std::string& line() { return buffer_; }
  void EndLine() {
    buffer_ += '\n';
    if (buffer_.size() > kBlock) Flush();
  }
  void Flush();

 private:
  static constexpr std::size_t kBlock = 64 * 1024;
  int fd_;
  std::string buffer_;
};

/// Prints records, one a line, to stdout or stderr. With parallelism over 1 each line begins with the subtask ("1> ",
/// from 0), with a prefix with that ("hot> ", "hot:1> "). (Flink: PrintSink, print(sinkIdentifier), printToErr)
///
///   hot.SinkTo("print hot", PrintSink{.prefix = "hot"});
struct PrintSink {
  enum class Stream { kOut, kErr };
  std::string prefix{};
  Stream stream = Stream::kOut;

  class Writer {
   public:
    Writer(const PrintSink& sink, const WriterContext& context);
    template <class T>
    void Write(const T& record, EventTime) {
      out_.line() += prefix_;
      AppendText(record, out_.line());
      out_.EndLine();
    }
    void Flush() { out_.Flush(); }

   private:
    LineOutput out_;
    std::string prefix_;
  };
  Writer CreateWriter(const WriterContext& context) const { return Writer(*this, context); }
};

/// Calls a function per record: `void fn(const T&, EventTime)`, const as every user function. For tests and
/// benchmarks; each subtask has its own copy.
///
///   stream.SinkTo("log", FunctionSink{[](const Reading& r) { Log(kInfo, r.sensor); }});
template <class F>
struct FunctionSink {
  F fn;
  struct Writer {
    F fn;
    template <class T>
      requires requires(F& f, const T& t) { f(t); } ||
               requires(F& f, const T& t, EventTime time) { f(t, time); }
    MILLRACE_INLINE void Write(const T& record, EventTime time) {
      if constexpr (requires { fn(record, time); }) {
        fn(record, time);
      } else {
        fn(record);
      }
    }
  };
  Writer CreateWriter(const WriterContext&) const { return {fn}; }
};
template <class F>
FunctionSink(F) -> FunctionSink<F>;

}  // namespace millrace
