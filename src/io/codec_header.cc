#include "millrace/io/codec_header.h"

#include <cstdio>
#include <string>

namespace millrace {
namespace {

constexpr std::uint32_t kMagic = 0x4352524D;  // "MRRC" in memory

std::string Hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

void EncodeHeader(std::uint64_t fingerprint, ByteWriter& out) {
  out.Put(kMagic);
  out.Put(kCodecVersion);
  out.Put(std::uint16_t{0});
  out.Put(fingerprint);
}

Status CheckHeader(ByteReader& in, std::uint64_t fingerprint) {
  std::uint32_t magic = 0;
  std::uint16_t version = 0;
  std::uint16_t reserved = 0;
  std::uint64_t found = 0;
  if (!in.Get(&magic) || magic != kMagic) {
    in.Fail();
    return Status::InvalidArgument(
        "read the header of a record stream: it does not begin with MRRC");
  }
  if (!in.Get(&version) || !in.Get(&reserved) || !in.Get(&found)) {
    return Status::InvalidArgument("read the header of a record stream: it ends too early");
  }
  if (version != kCodecVersion || reserved != 0) {
    in.Fail();
    return Status::Unimplemented("read the header of a record stream: codec version " +
                                 std::to_string(version) + " (flags " + std::to_string(reserved) +
                                 "), this program reads version " + std::to_string(kCodecVersion));
  }
  if (found != fingerprint) {
    in.Fail();
    return Status::InvalidArgument("read the header of a record stream: its schema is " +
                                   Hex(found) + ", expected " + Hex(fingerprint));
  }
  return Status::Ok();
}

}  // namespace millrace
