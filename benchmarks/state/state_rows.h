#pragma once

#include <cstdint>

#include "millrace/millrace.h"

/// The rows that checkpoints and recovery are measured with: an 8-byte key and a plain value of 88 bytes.
namespace state_rows {

struct Update {
  std::int64_t key = 0, value = 0;
};
MILLRACE_RECORD(Update, key, value);

struct Value {
  std::int64_t count = 0, sum = 0, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0;
};
MILLRACE_RECORD(Value, count, sum, a, b, c, d, e, f, g, h, i);

/// A value of eight bytes.
struct Small {
  std::int64_t sum = 0;
};
MILLRACE_RECORD(Small, sum);

inline void Apply(const Update& u, Small* v) {
  v->sum += u.value;
}
inline void Apply(const Update& u, Value* v) {
  ++v->count;
  v->sum += u.value;
  v->i = u.key;
}

}  // namespace state_rows
