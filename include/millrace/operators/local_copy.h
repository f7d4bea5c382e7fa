#pragma once

#include <type_traits>

#include "millrace/operators/collector.h"

namespace millrace::internal {

/// A copy of a small plain object, which may live in registers during a loop (a member could be changed by any store to a
/// row, as far as the compiler can know); a reference to any other.
template <class T>
class LocalCopy {
 public:
  explicit LocalCopy(const T& value) : value_(value) {}
  MILLRACE_INLINE const T& get() const { return value_; }

 private:
  static constexpr bool kSmall = std::is_trivially_copyable_v<T> && sizeof(T) <= 32;
  std::conditional_t<kSmall, const T, const T&> value_;
};

}  // namespace millrace::internal
