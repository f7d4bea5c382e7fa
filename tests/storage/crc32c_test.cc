// CRC-32C against the values of RFC 3720, B.4, and against the definition, bit by bit.
#include "millrace/storage/crc32c.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "millrace/base/random.h"
#include "src/storage/crc32c_ways.h"
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

TEST(Crc32c, AllWaysAreTheSame) {
  for (const std::uint64_t seed : Seeds(1, 50)) {
    Random random(seed);
    std::string bytes(random.Uniform(20000), '\0');
    for (char& c : bytes) c = static_cast<char>(random.Uniform(256));
    const std::size_t skipped = random.Uniform(std::min<std::size_t>(bytes.size(), 70) + 1);
    const auto* const at = reinterpret_cast<const unsigned char*>(bytes.data()) + skipped;
    const std::size_t size = bytes.size() - skipped;
    const std::uint32_t expected = ~BitByBit(std::string_view(bytes).substr(skipped));
    EXPECT_EQ(crc32c::ByTable(at, size, ~0U), expected);
#if defined(__x86_64__)
    if (crc32c::HasInstruction()) EXPECT_EQ(crc32c::ByInstruction(at, size, ~0U), expected);
    if (crc32c::CanFold()) EXPECT_EQ(crc32c::ByFolding(at, size, ~0U), expected);
#endif
  }
}

}  // namespace
}  // namespace millrace
