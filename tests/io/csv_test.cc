#include "millrace/io/csv.h"

#include <gtest/gtest.h>

#include "millrace/io/codec.h"
#include "millrace/io/print.h"
#include "tests/io/samples.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Row {
  std::string name;
  std::int32_t number = 0;
  std::optional<std::string> note;
  std::optional<double> weight;
  bool good = false;
  EventTime time;
};
MILLRACE_RECORD(Row, name, number, note, weight, good, time);

const TypeInfo& kRow = TypeInfoOf<Row>();

std::string Bytes(const Row& row) {
  ByteWriter out;
  Encode(row, out);
  return std::string(out.view());
}

/// "" or "column: reason" of a record without header.
std::string Problem(std::string_view text, CsvOptions options = {}) {
  CsvRow row;
  TextError error;
  Row record;
  if (row.Split(text, options, &error) == CsvRow::Outcome::kRow &&
      CsvColumns(kRow).Fill(row, &record, &error))
    return "";
  return std::to_string(error.column) + ": " + error.what;
}

std::string HeaderProblem(std::string_view text, CsvOptions options = {}) {
  CsvRow row;
  TextError error;
  CsvColumns columns(kRow);
  if (row.Split(text, options, &error) == CsvRow::Outcome::kRow &&
      columns.FromHeader(row, options, &error))
    return "";
  return std::to_string(error.column) + ": " + error.what;
}

TEST(Csv, LooksAsExpected) {
  std::string out;
  AppendCsvHeader(kRow, {}, out);
  EXPECT_EQ(out, "name,number,note,weight,good,time");
  out.clear();
  const Row row{"a \"b\", c", -1, "", {}, true, EventTime::FromMillis(5)};
  AppendCsv(kRow, &row, {}, out);
  EXPECT_EQ(out, R"("a ""b"", c",-1,"",,true,5)");
}

TEST(Csv, EveryRecordIsReadAgain) {
  Row back;  // reused
  CsvRow fields;
  for (const std::uint64_t seed : test_support::Seeds(1, 5000)) {
    testing::Maker maker(seed);
    CsvOptions options;
    options.delimiter = ",;\t|-."[maker.Below(6)];
    options.quote = "\"'"[maker.Below(2)];
    Row row{maker.Text(),        static_cast<std::int32_t>(maker.Integer()), {}, {},
            maker.Below(2) == 0, EventTime::FromMillis(maker.Integer())};
    if (maker.Below(2) == 0) row.note = maker.Text();
    if (maker.Below(2) == 0) row.weight = maker.Real();
    std::string text;
    AppendCsv(kRow, &row, options, text);
    TextError error;
    ASSERT_EQ(fields.Split(text, options, &error), CsvRow::Outcome::kRow)
        << "seed " << seed << ": " << error.what << "\n"
        << text;
    ASSERT_TRUE(CsvColumns(kRow).Fill(fields, &back, &error))
        << "seed " << seed << ", column " << error.column << ": " << error.what << "\n"
        << text;
    ASSERT_EQ(Bytes(back), Bytes(row)) << "seed " << seed << "\n" << text;
  }
}

TEST(Csv, WhatIsWrongIsSaidWithItsColumn) {
  EXPECT_EQ(Problem("a,1,,,true,5"), "");
  EXPECT_EQ(Problem("a,1,,,true"), "7: 6 columns were expected, not 5");
  EXPECT_EQ(Problem("a,1,,,true,5,6"), "14: 6 columns were expected, not 7");
  EXPECT_EQ(Problem("a,x,,,true,5"), "3: field 'number': 'x' is not an integer");
  EXPECT_EQ(Problem("a,1,,1.5x,true,5"), "6: field 'weight': '1.5x' is not a number");
  EXPECT_EQ(Problem("a,,,,true,5"), "3: field 'number': '' is not an integer");
  EXPECT_EQ(Problem("\"a,1,,,true,5"), "1: the quoted field that begins here has no end");
  EXPECT_EQ(Problem("\"a\"b,1,,,true,5"),
            "4: after the closing quote a ',' or the end was expected");
  EXPECT_EQ(Problem("a\"b,1,,,true,5"), "2: a quote inside a field that does not begin with one");
}

TEST(Csv, AHeaderNamesColumnsInAnyOrder) {
  CsvRow row;
  TextError error;
  CsvColumns columns(kRow);
  ASSERT_EQ(row.Split("time,good,number,name", {}, &error), CsvRow::Outcome::kRow);
  ASSERT_TRUE(columns.FromHeader(row, {}, &error)) << error.what;
  Row record{"old", 9, "old", 9, false, EventTime::FromMillis(9)};
  ASSERT_EQ(row.Split("1970-01-01T00:00:01Z,true,7,new", {}, &error), CsvRow::Outcome::kRow);
  ASSERT_TRUE(columns.Fill(row, &record, &error)) << error.what;
  EXPECT_EQ(
      ToText(record),
      R"({name: "new", number: 7, note: null, weight: null, good: true, time: 1970-01-01T00:00:01.000Z})");

  EXPECT_EQ(HeaderProblem("name,nubmer,good,time"),
            "6: the record Row has no field 'nubmer' (did you mean 'number'?)");
  EXPECT_EQ(HeaderProblem("name,number,name"), "13: the column 'name' is there twice");
  EXPECT_EQ(HeaderProblem("name,number,good"), "1: the header lacks the column 'time'");
  EXPECT_EQ(HeaderProblem("name,number,good,time,comment", {.ignore_unknown_columns = true}), "");
}

}  // namespace
}  // namespace millrace
