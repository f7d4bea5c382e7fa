#include "millrace/io/print.h"

#include <gtest/gtest.h>

#include <limits>

#include "millrace/io/schema.h"
#include "tests/io/samples.h"

namespace other {
struct Money {
  std::int64_t cents = 0;
};
}  // namespace other

template <>
struct millrace::RecordCodec<other::Money> {
  static std::string SchemaName() { return "Money"; }
  static void Encode(const other::Money& m, ByteWriter& out) { out.Put(m.cents); }
  static bool Decode(ByteReader& in, other::Money& m) { return in.Get(&m.cents); }
  static void AppendText(const other::Money& m, std::string& out) {
    out += std::to_string(m.cents) + "c";
  }
};

namespace millrace {
namespace {

using namespace std::chrono_literals;
using testing::Colour;
using testing::Everything;
using testing::Padded;
using testing::Point;
using testing::Reading;

TEST(PrintTest, RecordsLookLikeTheirFields) {
  EXPECT_EQ(ToText(Reading{"a", 21.5}), R"({id: "a", temperature: 21.5})");
  EXPECT_EQ(ToText(Reading{"say \"hi\"\n\\", 0.1}), R"({id: "say \"hi\"\n\\", temperature: 0.1})");
  EXPECT_EQ(ToText(std::vector<Point>{{1, 2}, {-3, 4}}), "[{x: 1, y: 2}, {x: -3, y: 4}]");
}

TEST(PrintTest, ScalarsAndTextAtTheTopArePlain) {
  EXPECT_EQ(ToText(std::string("plain \"text\"")), "plain \"text\"");
  EXPECT_EQ(ToText(String("plain")), "plain");
  EXPECT_EQ(ToText(std::uint64_t{18446744073709551615ULL}), "18446744073709551615");
  EXPECT_EQ(ToText(std::int64_t{-9223372036854775807 - 1}), "-9223372036854775808");
  EXPECT_EQ(ToText(true), "true");
  EXPECT_EQ(ToText(Colour::kGreen), "1");
}

TEST(PrintTest, FloatingPointIsTheShortestThatReadsBack) {
  EXPECT_EQ(ToText(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(ToText(0.1F), "0.1");
  EXPECT_EQ(ToText(3.0), "3");
  EXPECT_EQ(ToText(1e22), "1e+22");
  EXPECT_EQ(ToText(-std::numeric_limits<double>::infinity()), "-inf");
}

TEST(PrintTest, TimesAreIso) {
  EXPECT_EQ(ToText(EventTime::FromMillis(1767225600123)), "2026-01-01T00:00:00.123Z");
  EXPECT_EQ(ToText(EventTime::FromMillis(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(ToText(EventTime::Max()), "+inf");
  EXPECT_EQ(ToText(EventTime::FromMillis(std::int64_t{1} << 60)),
            "1152921504606846976ms since 1970");
  EXPECT_EQ(ToText(std::chrono::sys_seconds(61s)), "1970-01-01T00:01:01Z");
  EXPECT_EQ(ToText(std::chrono::sys_time<std::chrono::nanoseconds>(1ns)),
            "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(ToText(std::chrono::sys_days(std::chrono::days(1))), "1970-01-02T00:00:00Z");
  EXPECT_EQ(ToText(250ms), "250ms");
  EXPECT_EQ(ToText(std::chrono::minutes(-3)), "-3min");
  EXPECT_EQ(ToText(std::chrono::duration<int, std::ratio<1, 60>>(5)), "5[1/60]s");
}

TEST(PrintTest, ContainersNest) {
  EXPECT_EQ(ToText(std::map<std::string, int>{{"a", 1}, {"b", 2}}), R"({"a": 1, "b": 2})");
  EXPECT_EQ(ToText(std::pair<std::string, int>("a", 1)), R"(("a", 1))");
  EXPECT_EQ(ToText(std::tuple<int, Reading>(1, {"x", 2})), R"((1, {id: "x", temperature: 2}))");
  EXPECT_EQ(ToText(std::optional<int>()), "null");
  EXPECT_EQ(ToText(std::optional<int>(3)), "3");
  EXPECT_EQ(ToText(std::variant<int, std::string>("v")), R"("v")");
  EXPECT_EQ(ToText(std::variant<std::monostate, int>()), "()");
  EXPECT_EQ(ToText(std::array<int, 2>{1, 2}), "[1, 2]");
  EXPECT_EQ(ToText(std::vector<other::Money>{{5}, {7}}), "[5c, 7c]");
}

TEST(SchemaTest, TextNamesFieldsAndTypes) {
  EXPECT_EQ(SchemaTextOf<Reading>(), "{id: string, temperature: float64}");
  EXPECT_EQ(SchemaTextOf<Padded>(), "{small: int8, large: int64}");
  EXPECT_EQ(SchemaTextOf<std::vector<other::Money>>(), "list<custom<Money>>");
  EXPECT_EQ(
      SchemaTextOf<Everything>(),
      "{yes: bool, letter: int8, i16: int16, u64: uint64, f32: float32, f64: float64, "
      "colour: enum<uint8>, flag: enum<bool>, time: event_time, wall: time<us>, seconds: "
      "duration<s>, "
      "text: string, view: string, maybe: optional<string>, either: variant<(), int32, string>, "
      "pair: (string, int32), tuple: (int64, string, float64), "
      "two: array<{id: string, temperature: float64}, 2>, three: array<int16, 3>, "
      "numbers: list<int64>, readings: list<{id: string, temperature: float64}>, "
      "by_name: map<string, list<int32>>, by_id: map<int32, string>, point: {x: int32, y: int32}}");
}

TEST(SchemaTest, FingerprintIsTheHashOfTheText) {
  // XXH3-64 of "{id: string, temperature: float64}"; stands in snapshots, never to change.
  EXPECT_EQ(SchemaFingerprintOf<Reading>(), 0xeb30e3dfa7c2143dULL);
  EXPECT_EQ(SchemaFingerprintOf<std::string>(), SchemaFingerprintOf<String>());
  EXPECT_NE(SchemaFingerprintOf<std::int32_t>(), SchemaFingerprintOf<std::int64_t>());
}

}  // namespace
}  // namespace millrace
