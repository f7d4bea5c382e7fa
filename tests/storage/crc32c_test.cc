// CRC-32C against the values of RFC 3720, B.4, and against the definition, bit by bit.
#include "millrace/storage/crc32c.h"

#include <gtest/gtest.h>

#include "millrace/base/random.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using test_support::Seeds;

std::uint32_t BitByBit(std::string_view bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(Crc32c(""), 0U);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43U);
}

TEST(Crc32c, IsThePolynomialAtEveryLengthAndInParts) {
  for (const std::uint64_t seed : Seeds(1, 50)) {
    Random random(seed);
    std::string bytes(random.Uniform(40000), '\0');
    for (char& c : bytes) c = static_cast<char>(random.Uniform(256));
    const std::size_t cut = random.Uniform(bytes.size() + 1);
    const std::string_view all = bytes;
    EXPECT_EQ(Crc32c(all), BitByBit(all));
    EXPECT_EQ(Crc32c(all.substr(cut), Crc32c(all.substr(0, cut))), Crc32c(all));
  }
}

}  // namespace
}  // namespace millrace
