#include "millrace/base/time.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(EventTime, UnitsAreConvertedTowardsMinusInfinity) {
  EXPECT_EQ(EventTime::From(2, Unit::kSeconds).millis(), 2000);
  EXPECT_EQ(EventTime::From(1999, Unit::kMicroseconds).millis(), 1);
  EXPECT_EQ(EventTime::From(-1, Unit::kNanoseconds).millis(), -1);
  EXPECT_EQ(EventTime::From(INT64_MAX, Unit::kSeconds), EventTime::Max());
}

TEST(EventTime, ArithmeticSaturates) {
  EXPECT_EQ(EventTime::FromMillis(INT64_MAX - 5) + Duration(10), EventTime::Max());
  EXPECT_EQ(EventTime::Min() + Duration(10), EventTime::Min());
  EXPECT_EQ(EventTime::Max() - Duration(10), EventTime::Max());
}

TEST(EventTime, PrintsIso8601) {
  EXPECT_EQ(EventTime::FromMillis(1700000000123).ToString(), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(EventTime::FromMillis(-1).ToString(), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(EventTime::Max().ToString(), "+inf");
}

}  // namespace
}  // namespace millrace
