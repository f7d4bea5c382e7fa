// A stream of frames, cut anywhere, damaged anywhere.
#include "runtime/network/frame_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/random.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Sent {
  FrameKind kind;
  std::uint32_t channel;
  std::int64_t value;
  std::string payload;
  bool operator==(const Sent&) const = default;
};

std::string BytesOf(const Sent& frame) {
  char header[kFrameHeaderBytes];
  FrameHeader h;
  h.kind = frame.kind;
  h.channel = frame.channel;
  h.value = frame.value;
  WriteFrameHeader(h, frame.payload, header);
  return std::string(header, sizeof(header)) + frame.payload;
}

struct Collect final : FrameSink {
  std::unique_ptr<ByteWriter> PayloadFor(const FrameHeader& header) override {
    return header.channel == kUnknown ? nullptr : std::make_unique<ByteWriter>();
  }
  Status OnFrame(const FrameHeader& header, std::unique_ptr<ByteWriter> payload) override {
    frames.push_back({header.kind, header.channel, header.value,
                      payload == nullptr ? "" : std::string(payload->view())});
    return Status::Ok();
  }
  static constexpr std::uint32_t kUnknown = 77;
  std::vector<Sent> frames;
};

/// Gives the reader pieces of at most `most` bytes.
Status Feed(FrameReader& reader, std::string_view bytes, std::size_t most, Random& random) {
  while (!bytes.empty()) {
    const std::span<char> room = reader.Room();
    const std::size_t n =
        std::min({bytes.size(), room.size(), std::size_t{1} + random.Uniform(most)});
    std::memcpy(room.data(), bytes.data(), n);
    bytes.remove_prefix(n);
    MILLRACE_RETURN_IF_ERROR(reader.OnBytes(n));
  }
  return Status::Ok();
}

std::vector<Sent> Draw(Random& random) {
  std::vector<Sent> frames;
  const std::uint64_t count = 1 + random.Uniform(20);
  for (std::uint64_t i = 0; i < count; ++i) {
    Sent frame{static_cast<FrameKind>(1 + random.Uniform(6)),
               static_cast<std::uint32_t>(random.Uniform(5)),
               static_cast<std::int64_t>(random.Next()), ""};
    if (random.Uniform(2) == 0)
      frame.payload.assign(random.Uniform(random.Uniform(4) == 0 ? 100000 : 300),
                           static_cast<char>('a' + random.Uniform(26)));
    frames.push_back(std::move(frame));
  }
  return frames;
}

TEST(FrameReader, GivesWhatWasSentHoweverItIsCut) {
  for (const std::uint64_t seed : test_support::Seeds(1, 200)) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::vector<Sent> frames = Draw(random);
    std::string bytes;
    for (const Sent& frame : frames) bytes += BytesOf(frame);
    Collect sink;
    FrameReader reader(&sink);
    ASSERT_TRUE(Feed(reader, bytes, std::size_t{1} << random.Uniform(18), random).ok());
    EXPECT_EQ(sink.frames, frames);
    EXPECT_TRUE(reader.between_frames());
  }
}

TEST(FrameReader, OneFlippedBitIsNoFrame) {
  for (const std::uint64_t seed : test_support::Seeds(1, 300)) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::vector<Sent> frames = Draw(random);
    std::string bytes;
    for (const Sent& frame : frames) bytes += BytesOf(frame);
    const std::size_t at = random.Uniform(bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Uniform(8)));
    Collect sink;
    FrameReader reader(&sink);
    const Status status = Feed(reader, bytes, 1 << 16, random);
    // A length that has grown may wait for bytes that never come: then the frame is not whole.
    EXPECT_TRUE(!status.ok() || !reader.between_frames());
    ASSERT_LT(sink.frames.size(), frames.size());
    for (std::size_t i = 0; i < sink.frames.size(); ++i) EXPECT_EQ(sink.frames[i], frames[i]);
  }
}

TEST(FrameReader, SaysWhatIsWrong) {
  Random random(1);
  const auto error = [&](std::string bytes) {
    Collect sink;
    FrameReader reader(&sink);
    const Status status = Feed(reader, bytes, bytes.size(), random);
    EXPECT_EQ(status.code(), StatusCode::kDataLoss);
    return status.message();
  };
  EXPECT_EQ(error(BytesOf({FrameKind::kBatch, Collect::kUnknown, 1, "rows"})),
            "read a frame: nobody waits for channel 77");
  std::string kind = BytesOf({FrameKind::kEnd, 1, 0, ""});
  kind[16] = 99;
  EXPECT_EQ(error(kind), "read a frame: there is none of kind 99");
  std::string length = BytesOf({FrameKind::kEnd, 1, 0, ""});
  length[3] = 0x7f;
  EXPECT_EQ(error(length), "read a frame: it says that it has 2130706432 bytes");
  std::string payload = BytesOf({FrameKind::kBatch, 3, 1, "rows"});
  payload.back() = 'S';
  EXPECT_EQ(error(payload),
            "read a frame of channel 3: its 4 bytes are not those that were sent (checksum)");
}

}  // namespace
}  // namespace millrace
