#pragma once

#include <cstdint>
#include <string>

#include "millrace/millrace.h"

// The records of the chaos job, and the rows that it writes.
namespace millrace::chaos {

inline constexpr std::int64_t kKeys = 17;
inline constexpr std::int64_t kWindow = 100;  // milliseconds

struct Item {
  std::int64_t key = 0;
  std::int64_t number = 0;
  std::int64_t time = 0;
};
MILLRACE_RECORD(Item, key, number, time);

/// In the course of a long job keys come and go: in each generation others, and now and then one from before.
inline Item ItemOf(std::int64_t i) {
  constexpr std::int64_t kGeneration = 4096;
  std::int64_t generation = i / kGeneration;
  if (i % 8 == 0) generation = i / 8 % (generation + 1);
  return {generation * 100 + i * 7 % kKeys + i % 3, i, i * 3};
}

/// A change of broadcast state. What the changes give depends on their order.
struct Change {
  std::int64_t key = 0;
  std::int64_t value = 0;  // 0: erase
};
MILLRACE_RECORD(Change, key, value);

inline Change ChangeOf(std::int64_t i) {
  return {i * i % 23, i % 4 == 0 ? 0 : i};
}

/// What belongs to the item of this number, an even one.
struct Answer {
  std::int64_t key = 0;
  std::int64_t number = 0;
  std::int64_t value = 0;
};
MILLRACE_RECORD(Answer, key, number, value);

inline Answer AnswerOf(std::int64_t i) {
  const Item item = ItemOf(2 * i);
  return {item.key, item.number, i * 31 % 1009};
}

/// A record whose texts lie elsewhere; every fourth is static.
struct Note {
  std::int64_t key = 0;
  std::int64_t number = 0;
  String text;
};
MILLRACE_RECORD(Note, key, number, text);

inline Note NoteOf(std::int64_t i) {
  const std::string tail(static_cast<std::size_t>(i % 61), '.');
  return {i / 4096 * 100 + i * 5 % kKeys, i,
          i % 4 == 3 ? String::Static("a note that says the same each time")
                     : "note " + std::to_string(i) + tail};
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
