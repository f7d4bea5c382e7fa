#include "millrace/io/text_value.h"

#include <gtest/gtest.h>

#include "millrace/io/utf8.h"
#include "tests/io/samples.h"

namespace millrace {
namespace {

template <class T>
std::string Problem(std::string_view text) {
  T value{};
  std::string why;
  return ParseScalar(TypeInfoOf<T>(), &value, text, &why) ? "" : why;
}
template <class T>
T Read(std::string_view text) {
  T value{};
  std::string why;
  EXPECT_TRUE(ParseScalar(TypeInfoOf<T>(), &value, text, &why)) << text << ": " << why;
  return value;
}

TEST(TextValue, NumbersToTheirLimits) {
  EXPECT_EQ(Read<std::uint64_t>("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(Problem<std::uint64_t>("18446744073709551616"),
            "'18446744073709551616' is out of the range of uint64");
  EXPECT_EQ(Problem<std::uint64_t>("-1"), "'-1' is not an unsigned integer");
  EXPECT_EQ(Read<std::int64_t>("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(Read<std::int8_t>("-128"), -128);
  EXPECT_EQ(Problem<std::int8_t>("128"), "'128' is out of the range of the field's type");
  EXPECT_EQ(Problem<std::uint16_t>("-1"), "'-1' is out of the range of the field's type");
  for (const char* text : {"", " 1", "1 ", "+1", "0x10", "1.0", "1e3", "one"}) {
    EXPECT_EQ(Problem<std::int32_t>(text), "'" + std::string(text) + "' is not an integer");
  }
  EXPECT_EQ(Read<double>("-1.5e3"), -1500);
  EXPECT_TRUE(std::isnan(Read<double>("NaN")));
  EXPECT_EQ(Read<float>("-Infinity"), -std::numeric_limits<float>::infinity());
  EXPECT_EQ(Problem<float>("1e39"), "'1e39' is out of the range of a float");
  EXPECT_EQ(Problem<double>("1e400"), "'1e400' is out of the range of a double");
  for (const char* text :
       {"", "nan", "inf", "-inf", "-nan", "infinity", "1,5", " 1", "0x1p3", "1.5.2"}) {
    EXPECT_EQ(Problem<double>(text), "'" + std::string(text) + "' is not a number");
  }
  EXPECT_EQ(Problem<bool>("1"), "'1' is neither true nor false");
}

TEST(TextValue, IsoTimes) {
  struct Case {
    const char* text;
    std::int64_t millis;
  };
  for (const Case& c : {Case{"1970-01-01", 0},
                        {"1970-01-01T00:00:00Z", 0},
                        {"1969-12-31T23:59:59.999", -1},
                        {"2026-11-24 03:55:00.25Z", 1795492500250},
                        {"2024-02-29T00:00:00.000000001Z", 1709164800000},
                        {"1969-12-31T23:59:59.9999999Z", -1}}) {
    EXPECT_EQ(Read<EventTime>(c.text).millis(), c.millis) << c.text;
  }
  for (const char* text :
       {"2026-13-01", "2026-02-29", "2026-01-01T24:00:00", "2026-01-01T00:60:00", "2026-1-01",
        "2026-01-01T", "2026-01-01T00:00:00.", "2026-01-01T00:00:00+01:00", "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00.1234567891"}) {
    EXPECT_NE(Problem<EventTime>(text), "") << text;
  }
  EXPECT_EQ(Read<EventTime>("-62135596800000").millis(), -62135596800000);
}

TEST(TextValue, Utf8) {
  for (const char* text : {"", "plain text of more than eight bytes", "\xc3\xa4", "\xe2\x82\xac",
                           "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf"}) {
    EXPECT_TRUE(ValidUtf8(text)) << text;
  }
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "12345678\xfe"}) {
    EXPECT_FALSE(ValidUtf8(text)) << text;
  }
  for (unsigned code = 0; code <= 0x10ffff; code += 0x3f) {
    std::string text;
    AppendUtf8(code, &text);
    EXPECT_EQ(ValidUtf8(text), code < 0xd800 || code > 0xdfff) << code;
  }
}

TEST(TextValue, NearestField) {
  EXPECT_EQ(NearestField(TypeInfoOf<testing::Reading>(), "temprature"), "temperature");
  EXPECT_EQ(NearestField(TypeInfoOf<testing::Reading>(), "ID"), "id");
  EXPECT_EQ(NearestField(TypeInfoOf<testing::Reading>(), "pressure"), "");
}

}  // namespace
}  // namespace millrace
