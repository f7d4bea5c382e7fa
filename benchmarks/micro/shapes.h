#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/millrace.h"

/// The micro shapes of baseline/README.md: the same input for the engine and for the hand-written loop.
namespace micro {

inline std::uint64_t Mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

struct Pair {
  std::int64_t key = 0, value = 0;
};
MILLRACE_RECORD(Pair, key, value);

/// A pair with its event time, in milliseconds.
struct Timed {
  std::int64_t key = 0, value = 0, time = 0;
};
MILLRACE_RECORD(Timed, key, value, time);

struct Triple {
  std::int64_t id = 0, a = 0, b = 0;
};
MILLRACE_RECORD(Triple, id, a, b);

struct WordCount {
  std::string word;
  std::int64_t count = 0;
};
MILLRACE_RECORD(WordCount, word, count);

/// Where both sides write each result: a ring of 64 rows of volatile memory, two words a row.
class Ring {
 public:
  void Put(std::uint64_t a, std::uint64_t b) {
    volatile std::uint64_t* row = cells_ + (next_++ & 63) * 2;
    row[0] = a;
    row[1] = b;
  }

 private:
  volatile std::uint64_t cells_[128] = {};
  std::uint32_t next_ = 0;
};

/// A window shape: keys, records per millisecond, and the window itself. `gap` > 0: sessions.
struct WindowShape {
  std::int64_t keys = 1000;
  std::int64_t per_milli = 100;
  std::int64_t size = 10000, slide = 10000;
  std::int64_t gap = 0;
};
/// Calls `fn.template operator()<kShape>()` for a window shape: its numbers are constants on both sides. False when
/// `name` is not a window shape.
template <class Fn>
bool WithWindowShape(const std::string& name, Fn fn) {
  if (name == "tumbling") {
    fn.template operator()<WindowShape{}>();
  } else if (name == "sliding") {
    fn.template operator()<WindowShape{1000, 100, 10000, 1000, 0}>();
  } else if (name == "session") {
    fn.template operator()<WindowShape{1000, 100, 0, 0, 1000}>();
  } else if (name == "sliding1K_1s") {
    fn.template operator()<WindowShape{1000, 1000, 10000, 1000, 0}>();
  } else if (name == "sliding1K_10ms") {
    fn.template operator()<WindowShape{1000, 1000, 10000, 10, 0}>();
  } else if (name == "sliding10K_1s") {
    fn.template operator()<WindowShape{10000, 1000, 10000, 1000, 0}>();
  } else if (name == "sliding10K_10ms") {
    fn.template operator()<WindowShape{10000, 1000, 10000, 10, 0}>();
  } else {
    return false;
  }
  return true;
}

template <WindowShape kShape>
inline Timed WindowRecord(std::int64_t i) {
  const std::int64_t key = kShape.gap > 0 ? (i / 50000 * 100 + i % 100) % 1000 : i % kShape.keys;
  return {key, 1, i / kShape.per_milli};
}
inline Triple MapRecord(std::int64_t i) {
  return {i, i * 3, i ^ 0x55};
}
/// 1,000 lines of 10 words out of 10,000.
const std::vector<std::string>& Lines();

/// Builds a shape's job. False when there is no such shape.
bool BuildShape(const std::string& shape, std::int64_t records, int splits,
                millrace::StreamEnvironment& env);
/// Runs its hand-written single-thread loop; nothing of the engine. False when there is none.
bool RunByHand(const std::string& shape, std::int64_t records);
/// All names.
std::vector<std::string> ShapeNames();

}  // namespace micro
