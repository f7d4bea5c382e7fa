#pragma once

#include <cstdint>
#include <string>

#include "millrace/millrace.h"

// The records of the chaos job.
namespace millrace::chaos {

inline constexpr std::int64_t kKeys = 17;
inline constexpr std::int64_t kWindow = 100;  // milliseconds

struct Item {
  std::int64_t key = 0;
  std::int64_t number = 0;
  std::int64_t time = 0;
};
MILLRACE_RECORD(Item, key, number, time);

inline Item ItemOf(std::int64_t i) {
  return {i * 7 % kKeys + i % 3, i, i * 3};
}

struct Count {
  std::int64_t key = 0;
  std::int64_t count = 0;
};
MILLRACE_RECORD(Count, key, count);

inline std::string Row(const char* kind, std::int64_t a, std::int64_t b, std::int64_t c) {
  return std::string(kind) + "|" + std::to_string(a) + "|" + std::to_string(b) + "|" +
         std::to_string(c);
}

}  // namespace millrace::chaos
