#pragma once

#include <cstddef>
#include <cstdint>

#include "millrace/base/status.h"
#include "millrace/io/bytes.h"

namespace millrace {

/// Version of the encoding; a reader refuses others.
inline constexpr std::uint16_t kCodecVersion = 1;

/// Bytes of a header: magic "MRRC", u16 version, u16 zero, u64 schema fingerprint.
inline constexpr std::size_t kCodecHeaderBytes = 16;

/// Begins a stream of records (not each record). The fingerprint is SchemaFingerprint of their type.
void EncodeHeader(std::uint64_t fingerprint, ByteWriter& out);

/// Reads a header. InvalidArgument: no such stream or another schema; Unimplemented: another version.
Status CheckHeader(ByteReader& in, std::uint64_t fingerprint);

}  // namespace millrace
