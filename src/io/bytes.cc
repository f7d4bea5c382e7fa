#include "millrace/io/bytes.h"

#include <algorithm>
#include <cstdlib>

#include "millrace/base/check.h"

namespace millrace {

ByteWriter::~ByteWriter() {
  std::free(begin_);
}

void ByteWriter::Grow(std::size_t bytes) {
  constexpr std::size_t kFirst = 256;
  const std::size_t used = size();
  const std::size_t wanted = std::max({used + bytes, capacity() * 2, kFirst});
  auto* grown = static_cast<char*>(std::realloc(begin_, wanted));
  MILLRACE_CHECK(grown != nullptr, "out of memory for a write buffer");
  begin_ = grown;
  at_ = grown + used;
  end_ = grown + wanted;
}

void ByteWriter::CountTooLarge() {
  MILLRACE_CHECK(false, "a string or container of 2^32 or more elements can't be encoded");
  std::abort();
}

}  // namespace millrace
