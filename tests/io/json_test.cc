#include "millrace/io/json.h"

#include <gtest/gtest.h>

#include "millrace/io/codec.h"
#include "tests/io/samples.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using testing::Everything;
using testing::Maker;
using testing::Point;
using testing::Reading;

template <class T>
std::string Bytes(const T& value) {
  ByteWriter out;
  Encode(value, out);
  return std::string(out.view());
}

template <class T>
std::string Problem(std::string_view text, JsonOptions options = {}) {
  T value{};
  TextError error;
  if (JsonParser(options).Parse(TypeInfoOf<T>(), &value, text, &error)) return "";
  return std::to_string(error.column) + ": " + error.what;
}

TEST(Json, LooksAsExpected) {
  EXPECT_EQ(ToJson(Reading{"say \"hi\"\n\x01\\", 0.1}),
            "{\"id\":\"say \\\"hi\\\"\\n\\u0001\\\\\",\"temperature\":0.1}");
  EXPECT_EQ(ToJson(std::vector<Point>{{1, -2}}), R"([{"x":1,"y":-2}])");
  EXPECT_EQ(ToJson(std::map<std::int32_t, std::optional<bool>>{{7, {}}, {8, true}}),
            R"({"7":null,"8":true})");
  EXPECT_EQ(ToJson(std::variant<std::int32_t, std::string>("a")), R"([1,"a"])");
  EXPECT_EQ(ToJson(std::numeric_limits<double>::infinity()), R"("Infinity")");
  EXPECT_EQ(ToJson(EventTime::FromMillis(1500)), "1500");
  EXPECT_THROW(ToJson(std::string("\xff")), std::invalid_argument);
}

TEST(Json, EveryValueIsReadAgain) {
  JsonParser parser;
  Everything back;  // reused: nothing of an earlier value may stay
  for (const std::uint64_t seed : test_support::Seeds(1, 3000)) {
    Maker maker(seed, true);
    const Everything value = maker.Make();
    const std::string text = ToJson(value);
    TextError error;
    ASSERT_TRUE(parser.Parse(TypeInfoOf<Everything>(), &back, text, &error))
        << "seed " << seed << ", column " << error.column << ": " << error.what << "\n"
        << text;
    ASSERT_EQ(back.by_id, value.by_id) << "seed " << seed;
    back.by_id = value.by_id;  // in the same order, for the bytes
    ASSERT_EQ(Bytes(back), Bytes(value)) << "seed " << seed << "\n" << text;
  }
}

TEST(Json, FieldsComeInAnyOrderWithBlanks) {
  const auto read =
      FromJson<Reading>(" {\t\"temperature\" : 1.5e1 ,\r\n \"id\":\"\\u00e4\\ud83d\\ude00\\/\" } ");
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read.value().id, "\xc3\xa4\xf0\x9f\x98\x80/");
  EXPECT_EQ(read.value().temperature, 15);
  EXPECT_EQ(FromJson<EventTime>("\"1970-01-01T00:00:01Z\"").value().millis(), 1000);
}

TEST(Json, WhatIsWrongIsSaidWithItsColumn) {
  const auto reading = [](std::string_view text) { return Problem<Reading>(text); };
  EXPECT_EQ(reading(""), "1: '{' was expected, not the end");
  EXPECT_EQ(reading("[]"), "1: '{' was expected, not '['");
  EXPECT_EQ(reading("{}"), "1: the record lacks the field 'id'");
  EXPECT_EQ(reading(R"({"id":"a"})"), "1: the record lacks the field 'temperature'");
  EXPECT_EQ(reading(R"({"id":"a","temprature":1})"),
            "11: the record Reading has no field 'temprature' (did you mean 'temperature'?)");
  EXPECT_EQ(reading(R"({"id":"a","id":"b"})"), "11: the field 'id' is there twice");
  EXPECT_EQ(reading(R"({"id":5,"temperature":1})"), "7: a text was expected, not '5'");
  EXPECT_EQ(reading(R"({"id":"a","temperature":"warm"})"),
            "25: field 'temperature': 'warm' is not a number");
  EXPECT_EQ(reading(R"({"id":"a","temperature":01})"), "25: a number with a leading zero");
  EXPECT_EQ(reading(R"({"id":"a","temperature":1.})"), "25: a number that ends with its point");
  EXPECT_EQ(reading(R"({"id":"a","temperature":1} x)"),
            "28: after the value the end was expected, not 'x'");
  EXPECT_EQ(reading(R"({"id":"a","temperature":1,})"), "27: a text was expected, not '}'");
  EXPECT_EQ(reading(R"({"id":"a)"), "7: the text that begins here has no end");
  EXPECT_EQ(reading(R"({"id":"\ud83d"})"), "8: half of a surrogate pair");
  EXPECT_EQ(reading(R"({"id":"\x"})"), "8: an unknown escape");
  EXPECT_EQ(reading("{\"id\":\"\xff\"}"), "7: a text that is not UTF-8");
  EXPECT_EQ(reading("{\"id\":\"a\tb\"}"),
            "9: a control character inside a text (it must be escaped)");
  EXPECT_EQ(Problem<Point>(R"({"x":3000000000,"y":1})"),
            "6: field 'x': '3000000000' is out of the range of the field's type");
  EXPECT_EQ(Problem<Point>(R"({"x":1.5,"y":1})"), "6: field 'x': '1.5' is not an integer");
  EXPECT_EQ((Problem<std::array<int, 2>>("[1]")), "1: 2 elements were expected, not 1");
  EXPECT_EQ((Problem<std::array<int, 2>>("[1,2,3]")),
            "6: 2 elements were expected, and here is one more");
  EXPECT_EQ((Problem<std::variant<int, bool>>("[2,true]")), "2: a variant has no alternative 2");
  EXPECT_EQ((Problem<std::map<int, int>>(R"({"a":1})")), "2: key 'a' is not an integer");
}

TEST(Json, OptionsLoosenIt) {
  EXPECT_EQ(Problem<Reading>(R"({"extra":[{"deep":"\n"},null,-1.5e3],"id":"a","temperature":1})",
                             {.ignore_unknown_fields = true}),
            "");
  EXPECT_EQ(Problem<Reading>(R"({"id":"a"})", {.allow_missing_fields = true}), "");
  EXPECT_EQ(
      Problem<Reading>(R"({"extra":[1,)" + std::string("2x]}"), {.ignore_unknown_fields = true}),
      "14: ',' or ']' was expected, not 'x'");
  const std::string deep = R"({"extra":)" + std::string(100000, '[');
  EXPECT_EQ(Problem<Reading>(deep, {.ignore_unknown_fields = true}), "110: nested deeper than 100");
}

TEST(Json, DamagedTextNeverCrashes) {
  JsonParser parser({.ignore_unknown_fields = true, .allow_missing_fields = true});
  std::uint64_t read = 0;
  for (const std::uint64_t seed : test_support::Seeds(1, 5000)) {
    Maker maker(seed, true);
    std::string text = ToJson(maker.Make());
    for (std::uint64_t n = 1 + maker.Below(3); n > 0; --n) {
      const std::size_t at = maker.Below(text.size());
      if (maker.Below(2) == 0)
        text[at] = static_cast<char>(maker.Below(256));
      else if (maker.Below(2) == 0)
        text.erase(at, maker.Below(4));
      else
        text.insert(at, 1, "{}[]\",:0-"[maker.Below(9)]);
      if (text.empty()) text = "{";
    }
    Everything value;
    TextError error;
    if (parser.Parse(TypeInfoOf<Everything>(), &value, text, &error)) {
      ++read;
      Everything again = FromJson<Everything>(ToJson(value)).value();
      again.by_id = value.by_id;
      EXPECT_EQ(Bytes(again), Bytes(value)) << "seed " << seed;
    } else {
      EXPECT_GE(error.column, 1u);
      EXPECT_LE(error.column, text.size() + 1) << "seed " << seed << ": " << error.what;
    }
  }
  EXPECT_GT(read, 100u);
}

}  // namespace
}  // namespace millrace
