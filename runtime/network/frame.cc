#include "runtime/network/frame.h"

#include <cstring>
#include <string>

#include "millrace/storage/crc32c.h"

namespace millrace {
namespace {

constexpr std::size_t kChecked = kFrameHeaderBytes - sizeof(std::uint32_t);

/// All but the checksum.
void WriteFields(const FrameHeader& header, char* to) {
  const std::uint32_t kind = static_cast<std::uint8_t>(header.kind);
  std::memcpy(to, &header.payload_bytes, 4);
  std::memcpy(to + 4, &header.channel, 4);
  std::memcpy(to + 8, &header.value, 8);
  std::memcpy(to + 16, &kind, 4);
}

}  // namespace

void WriteFrameHeader(FrameHeader header, std::string_view payload, char* to) {
  header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  WriteFields(header, to);
  const std::uint32_t checksum = Crc32c(payload, Crc32c({to, kChecked}));
  std::memcpy(to + kChecked, &checksum, 4);
}

Status ReadFrameHeader(const char* from, FrameHeader* header) {
  std::uint32_t kind = 0;
  std::memcpy(&header->payload_bytes, from, 4);
  std::memcpy(&header->channel, from + 4, 4);
  std::memcpy(&header->value, from + 8, 8);
  std::memcpy(&kind, from + 16, 4);
  std::memcpy(&header->checksum, from + kChecked, 4);
  if (kind < static_cast<std::uint32_t>(FrameKind::kBatch) ||
      kind > static_cast<std::uint32_t>(FrameKind::kCredit))
    return Status::DataLoss("read a frame: there is none of kind " + std::to_string(kind));
  header->kind = static_cast<FrameKind>(kind);
  if (header->payload_bytes > kMostPayloadBytes)
    return Status::DataLoss("read a frame: it says that it has " +
                            std::to_string(header->payload_bytes) + " bytes");
  return Status::Ok();
}

Status CheckFrame(const FrameHeader& header, std::string_view payload) {
  char fields[kChecked];
  WriteFields(header, fields);
  if (Crc32c(payload, Crc32c({fields, kChecked})) == header.checksum) return Status::Ok();
  return Status::DataLoss("read a frame of channel " + std::to_string(header.channel) + ": its " +
                          std::to_string(header.payload_bytes) +
                          " bytes are not those that were sent (checksum)");
}

}  // namespace millrace
