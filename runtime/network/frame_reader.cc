#include "runtime/network/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

namespace millrace {
namespace {

constexpr std::size_t kStagingBytes = 64 * 1024;
// Less than this is not worth a system call of its own.
constexpr std::size_t kDirectBytes = 8 * 1024;

}  // namespace

FrameReader::FrameReader(FrameSink* sink) : sink_(sink), staging_(kStagingBytes) {}

std::span<char> FrameReader::Room() {
  direct_ = payload_ != nullptr && missing() >= kDirectBytes;
  return direct_ ? std::span<char>(payload_->end(), missing()) : std::span<char>(staging_);
}

Status FrameReader::OnBytes(std::size_t bytes) {
  if (direct_) {
    payload_->Advance(bytes);
    return missing() == 0 ? OnWhole() : Status::Ok();
  }
  std::span<const char> rest(staging_.data(), bytes);
  while (!rest.empty()) {
    std::size_t taken = 0;
    MILLRACE_RETURN_IF_ERROR(Take(rest, &taken));
    rest = rest.subspan(taken);
  }
  return Status::Ok();
}

Status FrameReader::Take(std::span<const char> bytes, std::size_t* taken) {
  if (payload_ != nullptr) {
    *taken = std::min(bytes.size(), missing());
    payload_->PutBytes(bytes.data(), *taken);
    return missing() == 0 ? OnWhole() : Status::Ok();
  }
  *taken = std::min(bytes.size(), kFrameHeaderBytes - header_bytes_);
  std::memcpy(header_text_ + header_bytes_, bytes.data(), *taken);
  header_bytes_ += *taken;
  return header_bytes_ == kFrameHeaderBytes ? OnHeader() : Status::Ok();
}

Status FrameReader::OnHeader() {
  MILLRACE_RETURN_IF_ERROR(ReadFrameHeader(header_text_, &header_));
  if (header_.payload_bytes == 0) return OnWhole();
  payload_ = sink_->PayloadFor(header_);
  if (payload_ == nullptr)
    return Status::DataLoss("read a frame: nobody waits for channel " +
                            std::to_string(header_.channel));
  payload_->Reserve(header_.payload_bytes);
  return Status::Ok();
}

Status FrameReader::OnWhole() {
  header_bytes_ = 0;
  const std::string_view bytes = payload_ == nullptr ? std::string_view() : payload_->view();
  MILLRACE_RETURN_IF_ERROR(CheckFrame(header_, bytes));
  return sink_->OnFrame(header_, std::exchange(payload_, nullptr));
}

}  // namespace millrace
