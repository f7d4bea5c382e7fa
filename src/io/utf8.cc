#include "millrace/io/utf8.h"

#include <cstdint>
#include <cstring>

namespace millrace {
namespace {

/// Bytes of the sequence that begins at p, or 0 when it is malformed.
std::size_t Sequence(const unsigned char* p, std::size_t left) {
  const unsigned lead = p[0];
  const auto tail = [&](std::size_t i, unsigned low, unsigned high) {
    return i < left && p[i] >= low && p[i] <= high;
  };
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1, 0x80, 0xbf) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : 0xbf;
    return tail(1, low, high) && tail(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xf4 ? 0x8f : 0xbf;
    return tail(1, low, high) && tail(2, 0x80, 0xbf) && tail(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool ValidUtf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t word = 0;
    if (text.size() - at >= sizeof(word)) {  // eight bytes of ASCII at once
      std::memcpy(&word, p + at, sizeof(word));
      if ((word & 0x8080808080808080U) == 0) {
        at += sizeof(word);
        continue;
      }
    }
    const std::size_t bytes = Sequence(p + at, text.size() - at);
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

void AppendUtf8(unsigned code, std::string* out) {
  const auto tail = [code](int shift) {
    return static_cast<char>(0x80 | ((code >> shift) & 0x3f));
  };
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xc0 | (code >> 6));
    *out += tail(0);
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xe0 | (code >> 12));
    *out += tail(6);
    *out += tail(0);
  } else {
    *out += static_cast<char>(0xf0 | (code >> 18));
    *out += tail(12);
    *out += tail(6);
    *out += tail(0);
  }
}

}  // namespace millrace
