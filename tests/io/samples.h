#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "millrace/io/record.h"

namespace millrace::testing {

enum class Colour : std::uint8_t { kRed, kGreen };
enum class Flag : bool { kOff, kOn };

struct Point {
  std::int32_t x = 0;
  std::int32_t y = 0;
};
MILLRACE_RECORD(Point, x, y);

struct Reading {
  std::string id;
  double temperature = 0;
};
MILLRACE_RECORD(Reading, id, temperature);

struct Padded {
  std::int8_t small = 0;
  std::int64_t large = 0;
};
MILLRACE_RECORD(Padded, small, large);

struct Swapped {  // named in another order than declared
  std::int64_t a = 0;
  std::int64_t b = 0;
};
MILLRACE_RECORD(Swapped, b, a);

/// One field of every kind.
struct Everything {
  bool yes = false;
  char letter = 0;
  std::int16_t i16 = 0;
  unsigned long u64 = 0;
  float f32 = 0;
  double f64 = 0;
  Colour colour{};
  Flag flag{};
  EventTime time;
  std::chrono::sys_time<std::chrono::microseconds> wall{};
  std::chrono::duration<std::int32_t> seconds{};
  std::string text;
  String view;
  std::optional<std::string> maybe;
  std::variant<std::monostate, std::int32_t, std::string> either;
  std::pair<std::string, std::int32_t> pair;
  std::tuple<std::int64_t, std::string, double> tuple;
  std::array<Reading, 2> two;
  std::array<std::int16_t, 3> three{};
  std::vector<std::int64_t> numbers;
  std::vector<Reading> readings;
  std::map<std::string, std::vector<std::int32_t>> by_name;
  std::unordered_map<std::int32_t, std::string> by_id;
  Point point;
};
MILLRACE_RECORD(Everything, yes, letter, i16, u64, f32, f64, colour, flag, time, wall, seconds,
                text, view, maybe, either, pair, tuple, two, three, numbers, readings, by_name,
                by_id, point);

/// Random values, small enough that equal ones happen.
class Maker {
 public:
  explicit Maker(std::uint64_t seed, bool ascii = false) : random_(seed), ascii_(ascii) {}

  std::uint64_t Below(std::uint64_t n) { return random_() % n; }
  std::int64_t Integer() {
    return Below(4) == 0 ? static_cast<std::int64_t>(random_())
                         : static_cast<std::int64_t>(Below(5)) - 2;
  }
  double Real() {
    static constexpr double kSpecial[] = {0.0,
                                          -0.0,
                                          1e300,
                                          -2.5,
                                          std::numeric_limits<double>::infinity(),
                                          std::numeric_limits<double>::quiet_NaN()};
    return Below(2) == 0 ? kSpecial[Below(6)] : static_cast<double>(Integer()) / 8;
  }
  std::string Text() {
    static constexpr std::size_t kSizes[] = {0, 1, 3, 4, 15, 16, 40, 300};
    std::string text(kSizes[Below(8)], 'a');
    for (char& c : text)
      c = static_cast<char>(Below(3) == 0 ? random_() & (ascii_ ? 0x7f : 0xff) : 'a' + Below(2));
    return text;
  }
  Reading MakeReading() { return {Text(), Real()}; }

  Everything Make() {
    Everything e;
    e.yes = Below(2) == 1;
    e.letter = static_cast<char>(Integer());
    e.i16 = static_cast<std::int16_t>(Integer());
    e.u64 = static_cast<unsigned long>(Integer());
    e.f32 = static_cast<float>(Real());
    e.f64 = Real();
    e.colour = static_cast<Colour>(Below(2));
    e.flag = static_cast<Flag>(Below(2));
    e.time = EventTime::FromMillis(Integer());
    e.wall = std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(Integer()));
    e.seconds = std::chrono::duration<std::int32_t>(static_cast<std::int32_t>(Integer()));
    e.text = Text();
    e.view = Text();
    if (Below(2) == 0) e.maybe = Text();
    if (Below(3) == 0) e.either = static_cast<std::int32_t>(Integer());
    if (Below(3) == 0) e.either = Text();
    e.pair = {Text(), static_cast<std::int32_t>(Integer())};
    e.tuple = {Integer(), Text(), Real()};
    e.two = {MakeReading(), MakeReading()};
    for (auto& n : e.three) n = static_cast<std::int16_t>(Integer());
    for (auto i = Below(40); i != 0; --i) e.numbers.push_back(Integer());
    for (auto i = Below(40); i != 0; --i) e.readings.push_back(MakeReading());
    for (auto i = Below(4); i != 0; --i) {
      e.by_name[Text()].push_back(static_cast<std::int32_t>(Integer()));
      e.by_id[static_cast<std::int32_t>(Integer())] = Text();
    }
    e.point = {static_cast<std::int32_t>(Integer()), static_cast<std::int32_t>(Integer())};
    return e;
  }

 private:
  std::mt19937_64 random_;
  bool ascii_;
};

}  // namespace millrace::testing
