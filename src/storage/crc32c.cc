#include "millrace/storage/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "src/storage/crc32c_ways.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace millrace {
namespace crc32c {
namespace {

// Reversed polynomial of CRC-32C.
constexpr std::uint32_t kPolynomial = 0x82f63b78;

// The checksum register after one more byte, for each value of its low byte.
constexpr std::array<std::uint32_t, 256> MakeByteTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[i] = crc;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kByteTable = MakeByteTable();

}  // namespace

std::uint32_t ByTable(const unsigned char* at, std::size_t bytes, std::uint32_t crc) {
  for (std::size_t i = 0; i < bytes; ++i) crc = (crc >> 8) ^ kByteTable[(crc ^ at[i]) & 0xff];
  return crc;
}

#if defined(__x86_64__)

namespace {

// The instruction takes three cycles and starts every cycle: three pieces of this length go side by side.
constexpr std::size_t kPiece = 2048;

// What the register becomes when kPiece zero bytes follow, by each of its four bytes. That is linear in the register's bits.
struct PieceOfZeros {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  PieceOfZeros() {
    std::array<std::uint32_t, 32> of_bit{};
    for (std::size_t bit = 0; bit < 32; ++bit) {
      std::uint32_t crc = std::uint32_t{1} << bit;
      for (std::size_t i = 0; i < kPiece; ++i) crc = (crc >> 8) ^ kByteTable[crc & 0xff];
      of_bit[bit] = crc;
    }
    for (std::size_t byte = 0; byte < 4; ++byte) {
      for (std::size_t value = 0; value < 256; ++value) {
        for (std::size_t bit = 0; bit < 8; ++bit) {
          if ((value >> bit & 1) != 0) table[byte][value] ^= of_bit[byte * 8 + bit];
        }
      }
    }
  }
  std::uint32_t After(std::uint32_t crc) const {
    return table[0][crc & 0xff] ^ table[1][crc >> 8 & 0xff] ^ table[2][crc >> 16 & 0xff] ^
           table[3][crc >> 24];
  }
};

std::uint64_t WordAt(const unsigned char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

}  // namespace

bool HasInstruction() {
  return __builtin_cpu_supports("sse4.2") != 0;
}

__attribute__((target("sse4.2"))) std::uint32_t ByInstruction(const unsigned char* at,
                                                              std::size_t bytes,
                                                              std::uint32_t crc) {
  static const PieceOfZeros zeros;
  for (; bytes >= 3 * kPiece; at += 3 * kPiece, bytes -= 3 * kPiece) {
    std::uint64_t a = crc, b = 0, c = 0;
    for (std::size_t i = 0; i < kPiece; i += 8) {
      a = _mm_crc32_u64(a, WordAt(at + i));
      b = _mm_crc32_u64(b, WordAt(at + kPiece + i));
      c = _mm_crc32_u64(c, WordAt(at + 2 * kPiece + i));
    }
    crc = zeros.After(zeros.After(static_cast<std::uint32_t>(a)) ^ static_cast<std::uint32_t>(b)) ^
          static_cast<std::uint32_t>(c);
  }
  std::uint64_t rest = crc;
  for (; bytes >= 8; at += 8, bytes -= 8) rest = _mm_crc32_u64(rest, WordAt(at));
  crc = static_cast<std::uint32_t>(rest);
  for (; bytes > 0; ++at, --bytes) crc = _mm_crc32_u8(crc, *at);
  return crc;
}

#endif

}  // namespace crc32c

std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
#if defined(__x86_64__)
  static const auto way = crc32c::CanFold()          ? crc32c::ByFolding
                          : crc32c::HasInstruction() ? crc32c::ByInstruction
                                                     : crc32c::ByTable;
  return ~way(at, bytes.size(), ~before);
#else
  return ~crc32c::ByTable(at, bytes.size(), ~before);
#endif
}

}  // namespace millrace
