#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "millrace/io/batch.h"
#include "millrace/io/key.h"
#include "millrace/operators/local_copy.h"
#include "millrace/operators/user_error.h"

namespace millrace {

/// What `Key fn(const T&)` gives.
template <class T, class KeyFn>
using KeyOfRow = std::remove_cvref_t<std::invoke_result_t<const KeyFn&, const T&>>;

/// The hashes of the keys of `count` rows: a column at a time where keys are words. What a key function throws names its row.
template <class T, class KeyFn>
void HashKeyColumn(const KeyFn& key_fn, const T* rows, std::uint32_t count, std::uint64_t* hashes) {
  constexpr std::uint32_t kColumn = 128;
  std::uint32_t i = 0;
  try {
    const internal::LocalCopy<KeyFn> key(key_fn);  // in registers: what is written could alias it
    if constexpr (kIsWordKey<KeyOfRow<T, KeyFn>>) {
      std::uint64_t words[kColumn];
      while (i < count) {
        const std::uint32_t begin = i;
        const std::uint32_t n = std::min(kColumn, count - begin);
        for (; i < begin + n; ++i)
          words[i - begin] = KeyWord<KeyOfRow<T, KeyFn>>(key.get()(rows[i]));
        HashWords(words, n, hashes + begin);
      }
    } else {
      for (; i < count; ++i) hashes[i] = KeyHash(key.get()(rows[i]));
    }
  } catch (...) {
    internal::RethrowWith<T>("KeyBy", rows[i]);
  }
}

/// Those of a batch, where its consumer can be asked for them. (Operator::HashKeys)
template <class T, class KeyFn>
void HashKeysOf(const KeyFn& key_fn, Batch& batch) {
  if constexpr (kIsWordKey<KeyOfRow<T, KeyFn>>)
    HashKeyColumn(key_fn, batch.rows_as<const T>(), batch.size, batch.hashes);
}

}  // namespace millrace
