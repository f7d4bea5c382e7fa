#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "millrace/base/status.h"

namespace millrace {

/// What goes from one worker to another on one connection: elements of many channels, and the credits for what was read.
/// docs/formats/frame.md
enum class FrameKind : std::uint8_t {
  kBatch = 1,  // value: the batch's place in its channel, from 1; payload: the batch
  kWatermark,  // value: event time in milliseconds
  kIdle,
  kBarrier,  // value: checkpoint id
  kEnd,
  kCredit,  // value: batches of the channel that its consumer has read, in all
};

struct FrameHeader {
  FrameKind kind = FrameKind::kBatch;
  std::uint32_t channel = 0;  // numbered alike in all workers of a job
  std::uint32_t payload_bytes = 0;
  std::int64_t value = 0;
  std::uint32_t checksum =
      0;  // CRC-32C of all that stands before it in the header, and of the payload
};

inline constexpr std::size_t kFrameHeaderBytes = 24;
/// More is taken for damage.
inline constexpr std::uint32_t kMostPayloadBytes = std::uint32_t{1} << 30;

/// Writes `kFrameHeaderBytes` to `to`; sets the number of payload bytes and the checksum.
void WriteFrameHeader(FrameHeader header, std::string_view payload, char* to);
/// DATA_LOSS when the bytes can't be a header.
Status ReadFrameHeader(const char* from, FrameHeader* header);
/// DATA_LOSS unless header and payload are what was written.
Status CheckFrame(const FrameHeader& header, std::string_view payload);

}  // namespace millrace
