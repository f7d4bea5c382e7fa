#define XXH_INLINE_ALL
#include "millrace/base/hash.h"

#include <xxhash.h>

namespace millrace::internal {

std::uint64_t HashOther(const void* p, std::size_t n) {
  return XXH3_64bits(p, n);
}

}  // namespace millrace::internal
