#include "millrace/io/key.h"

namespace millrace::internal {

void ThrowNanKey() {
  throw BadKey(
      "key a record: the key is NaN or has a NaN in it, which equals no key, not even itself; "
      "filter such records or map them to another value before KeyBy");
}

ByteWriter& KeyScratch() {
  static thread_local ByteWriter scratch;
  scratch.Clear();
  return scratch;
}

}  // namespace millrace::internal
