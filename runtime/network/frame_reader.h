#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "millrace/io/bytes.h"
#include "runtime/network/frame.h"

namespace millrace {

/// Who gets the frames of a connection.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// An empty buffer for the payload that is about to come; null when nobody waits for frames of this channel.
  virtual std::unique_ptr<ByteWriter> PayloadFor(const FrameHeader& header) = 0;
  /// A whole frame that has passed its checksum. `payload` is what PayloadFor gave; null for a frame without.
  virtual Status OnFrame(const FrameHeader& header, std::unique_ptr<ByteWriter> payload) = 0;
};

/// Cuts a stream of bytes into frames, however it comes. Pure: reads no socket. A large payload is read to where it belongs,
/// without a copy.
class FrameReader {
 public:
  explicit FrameReader(FrameSink* sink);

  /// Where the next bytes of the stream go; never empty.
  std::span<char> Room();
  /// So many bytes stand in what Room gave last. After an error the stream is good for nothing.
  Status OnBytes(std::size_t bytes);
  /// Between two frames: the stream may end here.
  bool between_frames() const { return header_bytes_ == 0; }

 private:
  /// Takes some of the bytes; how many.
  Status Take(std::span<const char> bytes, std::size_t* taken);
  Status OnHeader();
  Status OnWhole();
  std::size_t missing() const { return header_.payload_bytes - payload_->size(); }

  FrameSink* sink_;
  std::vector<char> staging_;
  bool direct_ = false;  // Room was in the payload
  char header_text_[kFrameHeaderBytes];
  std::size_t header_bytes_ = 0;
  FrameHeader header_;
  std::unique_ptr<ByteWriter> payload_;
};

}  // namespace millrace
