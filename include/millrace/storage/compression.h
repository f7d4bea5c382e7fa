#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

/// How the blocks of a file are made smaller. (Flink: snapshot compression)
enum class Compression { kNone, kZstd };

/// zstd at its fastest ordinary level, with zstd's own checksum: what was packed comes out as it was, or not at all. False, and
/// `packed` is of no use: it would not be smaller.
bool PackZstd(std::string_view bytes, std::string* packed);
/// The content of what PackZstd has made. False: it is none, it is cut off or damaged, or it would have more than `most` bytes.
/// No more than what the content says, and `most`, is allocated.
bool UnpackZstd(std::string_view packed, std::size_t most, std::string* bytes);

}  // namespace millrace
