#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

/// CRC-32C (Castagnoli), as in iSCSI, Kafka's record batches and S3's checksums: "123456789" gives 0xe3069283. `before` is the
/// checksum of what stands before the bytes.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace millrace
