#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "millrace/millrace.h"
#include "tests/chaos/chaos_records.h"
#include "tests/chaos/line_sink.h"

// The job that chaos tests run: keyed state of several kinds, timers, every window in event time, two inputs, a union, side
// outputs, every kind of edge, splits that are read one after the other. What it gives does not depend on the order in which
// records of different splits meet.
namespace millrace::chaos {

struct Shape {
  std::int64_t records = 2000;
  int splits = 3;
  double rate = 0;         // records a second; 0: flat out
  std::string until = {};  // the file whose being there lets the job end; empty: it ends by itself
};

/// Gives the sink of a name.
using Sinks = std::function<LineSink(const std::string& name)>;

/// Puts the job together.
void Build(StreamEnvironment& env, const Shape& shape, const Sinks& sinks);

// Its parts, in files of their own.
using Items = DataStream<Item>;
/// state_shapes.cc: the operators whose state is no plain keyed state.
void BuildStates(StreamEnvironment& env, Items& items, const Shape& shape, const Sinks& sinks);
/// stream_shapes.cc: streams that meet and part.
void BuildStreams(StreamEnvironment& env, Items& items, const Shape& shape, const Sinks& sinks);
/// text_shapes.cc: records and state with texts.
void BuildTexts(StreamEnvironment& env, const Shape& shape, const Sinks& sinks);
/// window_shapes.cc
void BuildWindows(Items& items, const Sinks& sinks);

}  // namespace millrace::chaos
