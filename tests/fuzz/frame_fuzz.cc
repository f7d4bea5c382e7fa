// Any bytes as a stream of frames, cut as its first byte says: read to frames that are written as the same bytes, or refused.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/network/frame_reader.h"

namespace {

/// Writes the frames again.
struct Rewrite final : millrace::FrameSink {
  std::unique_ptr<millrace::ByteWriter> PayloadFor(const millrace::FrameHeader& header) override {
    if (header.payload_bytes > 1 << 20) return nullptr;  // the fuzzer's memory is small
    return std::make_unique<millrace::ByteWriter>();
  }
  millrace::Status OnFrame(const millrace::FrameHeader& header,
                           std::unique_ptr<millrace::ByteWriter> payload) override {
    char text[millrace::kFrameHeaderBytes];
    const std::string_view body = payload == nullptr ? std::string_view() : payload->view();
    millrace::WriteFrameHeader(header, body, text);
    bytes.append(text, sizeof(text)).append(body);
    return millrace::Status::Ok();
  }
  std::string bytes;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t most = std::size_t{1} + data[0];
  const std::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  Rewrite sink;
  millrace::FrameReader reader(&sink);
  for (std::string_view rest = all; !rest.empty();) {
    const auto room = reader.Room();
    const std::size_t n = std::min({rest.size(), room.size(), most});
    std::memcpy(room.data(), rest.data(), n);
    rest.remove_prefix(n);
    if (!reader.OnBytes(n).ok()) break;
  }
  if (all.substr(0, sink.bytes.size()) != sink.bytes) std::abort();
  return 0;
}
