#include "millrace/io/codec.h"

namespace millrace::internal {

bool DecodeString(ByteReader& in, std::string& value) {
  std::string_view text;
  if (!in.GetString(&text)) return false;
  value.assign(text);
  return true;
}

bool DecodeString(ByteReader& in, String& value) {
  std::string_view text;
  if (!in.GetString(&text)) return false;
  value = String(text);
  return true;
}

template void EncodeDynamic(const std::string&, ByteWriter&);
template void EncodeDynamic(const String&, ByteWriter&);

}  // namespace millrace::internal
