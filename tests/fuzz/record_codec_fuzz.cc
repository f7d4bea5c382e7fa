// Any bytes as the encoding of a record with a field of every kind: refused, or decoded to a value whose own bytes decode to
// the same bytes.
#include <cstdlib>

#include "millrace/io/codec.h"
#include "tests/io/samples.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using millrace::testing::Everything;
  millrace::ByteReader in(std::string_view(reinterpret_cast<const char*>(data), size));
  Everything value;
  if (!millrace::Decode(in, value)) return 0;
  value.by_id.clear();  // its order is not kept
  millrace::ByteWriter out, again;
  millrace::Encode(value, out);
  Everything back;
  millrace::ByteReader reader(out.view());
  if (!millrace::Decode(reader, back)) std::abort();
  millrace::Encode(back, again);
  if (again.view() != out.view()) std::abort();
  return 0;
}
