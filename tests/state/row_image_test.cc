// A row's image in a snapshot is what its columns one by one give.
#include "millrace/state/row_image.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/io/bytes.h"
#include "millrace/io/record.h"
#include "millrace/state/row_layout.h"
#include "millrace/state/state_table.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Triple {
  std::int64_t a = 0, b = 0, c = 0;
};
MILLRACE_RECORD(Triple, a, b, c);

struct Gaps {
  std::int64_t a = 0;
  std::int16_t b = 0;
  Triple c;
  std::array<std::pair<std::int32_t, std::int8_t>, 2> d;
};
MILLRACE_RECORD(Gaps, c, a, d, b);  // not in the order of the struct

ColumnOps Draw(Random& random) {
  switch (random.Uniform(7)) {
    case 0:
      return ColumnOpsOf<std::uint8_t>();
    case 1:
      return ColumnOpsOf<std::uint16_t>();
    case 2:
      return ColumnOpsOf<std::uint32_t>();
    case 3:
      return ColumnOpsOf<std::int64_t>();
    case 4:
      return ColumnOpsOf<Triple>();
    case 5:
      return ColumnOpsOf<Gaps>();
    default:
      return ColumnOpsOf<std::tuple<std::int64_t, std::int32_t>>();
  }
}

RowLayout DrawKey(Random& random) {
  switch (random.Uniform(4)) {
    case 0:
      return KeyedTable<std::int32_t>::KeyLayout();
    case 1:
      return KeyedTable<std::tuple<std::int64_t, std::int32_t>>::KeyLayout();
    case 2:
      return KeyedTable<std::pair<std::int8_t, std::int64_t>>::KeyLayout();
    default:
      return KeyedTable<std::int64_t>::KeyLayout();
  }
}

RowLayout DrawLayout(Random& random) {
  RowLayout layout = DrawKey(random);
  const std::uint32_t presence = layout.AddColumn(ColumnOpsOf<std::uint32_t>());
  for (std::uint64_t n = random.Uniform(6); n > 0; --n) {
    const ColumnOps ops = Draw(random);
    if (random.Chance(0.5)) {
      layout.AddColumn(ops);
    } else {
      layout.AddOptionalColumn(ops, presence);
    }
  }
  return layout;
}

TEST(RowImage, HasTheBytesOfTheColumns) {
  for (const std::uint64_t seed : test_support::Seeds(1, 500)) {
    Random random(seed);
    const RowLayout layout = DrawLayout(random);
    const RowImage* image = layout.image();
    ASSERT_NE(image, nullptr);
    // Aligned for any column.
    std::vector<std::int64_t> row(layout.row_bytes() / 8 + 1), back(row.size());
    for (std::int64_t& word : row) word = static_cast<std::int64_t>(random.Next());
    const auto* at = reinterpret_cast<const std::byte*>(row.data());
    ByteWriter columns;
    layout.EncodeKey(at, columns);
    layout.EncodeValues(at, columns);
    ASSERT_LE(columns.size(), image->max_bytes());
    ASSERT_GE(columns.size(), image->min_bytes());
    ASSERT_GE(image->min_bytes(), sizeof(std::uint32_t)) << "the key";
    std::vector<char> bytes(image->max_bytes());
    const char* end = image->Write(at, bytes.data());
    const std::string_view written(bytes.data(), static_cast<std::size_t>(end - bytes.data()));
    ASSERT_EQ(written, columns.view());
    // Exactly as long as it says, and not a byte shorter.
    ASSERT_EQ(image->Length(bytes.data(), bytes.size()), written.size());
    ASSERT_EQ(image->Length(bytes.data(), written.size()), written.size());
    ASSERT_EQ(image->Length(bytes.data(), written.size() - 1), 0U);
    // Its key alone.
    layout.CopyKey(bytes.data(), reinterpret_cast<std::byte*>(back.data()));
    ASSERT_TRUE(layout.EqualKeys(at, reinterpret_cast<const std::byte*>(back.data())));
    // What comes back is encoded in the same way, by both.
    auto* to = reinterpret_cast<std::byte*>(back.data());
    image->Read(bytes.data(), to);
    ByteWriter again;
    layout.EncodeKey(to, again);
    layout.EncodeValues(to, again);
    ASSERT_EQ(again.view(), written);
  }
}

TEST(RowImage, IsNoneWhereAColumnIsMoreThanItsBytes) {
  RowLayout layout = KeyedTable<std::int64_t>::KeyLayout();
  layout.AddColumn(ColumnOpsOf<std::int64_t>());
  EXPECT_NE(layout.image(), nullptr);
  layout.AddColumn(ColumnOpsOf<std::string>());
  EXPECT_EQ(layout.image(), nullptr);
  RowLayout real = KeyedTable<std::int64_t>::KeyLayout();
  real.AddColumn(ColumnOpsOf<double>());  // one NaN for all, in the codec
  EXPECT_EQ(real.image(), nullptr);
  EXPECT_EQ(KeyedTable<std::string>::KeyLayout().image(), nullptr);
  RowLayout truth = KeyedTable<std::int64_t>::KeyLayout();
  truth.AddColumn(ColumnOpsOf<std::pair<bool, std::int64_t>>());  // not every byte is one
  EXPECT_EQ(truth.image(), nullptr);
}

}  // namespace
}  // namespace millrace
