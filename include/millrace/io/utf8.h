#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// True for well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, nothing overlong, nothing over U+10FFFF).
bool ValidUtf8(std::string_view text);

/// Appends a code point (at most 0x10ffff).
void AppendUtf8(unsigned code, std::string* out);

}  // namespace millrace
