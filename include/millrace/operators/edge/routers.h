#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "millrace/io/key.h"
#include "millrace/operators/collector.h"
#include "millrace/operators/edge/key_column.h"
#include "millrace/operators/user_error.h"

namespace millrace {

/// Where a row goes, and its key's hash on keyed edges.
struct Route {
  std::uint32_t target = 0;
  std::uint64_t hash = 0;
};

/// Routers. `kOneTargetIsAll`: with one target there is nothing to ask but the key's hash.

/// By key: `Key fn(const T&)`.
template <class T, class KeyFn>
class HashRouter {
 public:
  static constexpr bool kHashed = true;
  static constexpr bool kBroadcast = false;
  static constexpr bool kOneTargetIsAll = true;
  explicit HashRouter(KeyFn key) : key_(std::move(key)) {}
  void Bind(int /*subtask*/, std::uint32_t targets) { targets_ = targets; }
  MILLRACE_INLINE Route RouteOf(const T& x) const {
    const std::uint64_t hash = HashOf(x);
    return {OwnerOfKeyGroup(KeyGroup(hash), targets_), hash};
  }
  MILLRACE_INLINE std::uint64_t HashOf(const T& x) const {
    try {
      return KeyHash(key_(x));
    } catch (...) {
      internal::RethrowWith<std::remove_cvref_t<decltype(x)>>("KeyBy", x);
    }
  }
  /// The hashes of a column of rows.
  void HashRows(const T* rows, std::uint32_t count, std::uint64_t* hashes) const {
    HashKeyColumn(key_, rows, count, hashes);
  }

 private:
  KeyFn key_;
  std::uint32_t targets_ = 1;
};

/// Everything to the one target that is bound: forward and global edges.
template <class T>
class SingleRouter {
 public:
  static constexpr bool kHashed = false;
  static constexpr bool kBroadcast = false;
  static constexpr bool kOneTargetIsAll = true;
  void Bind(int, std::uint32_t) {}
  MILLRACE_INLINE Route RouteOf(const T&) const { return {}; }
};

/// Round robin over the targets that are bound: all of them (rebalance) or a part (rescale).
template <class T>
class RoundRobinRouter {
 public:
  static constexpr bool kHashed = false;
  static constexpr bool kBroadcast = false;
  static constexpr bool kOneTargetIsAll = true;
  void Bind(int subtask, std::uint32_t targets) {
    targets_ = targets;
    next_ = static_cast<std::uint32_t>(subtask) % targets;
  }
  MILLRACE_INLINE Route RouteOf(const T&) {
    const std::uint32_t target = next_;
    next_ = target + 1 == targets_ ? 0 : target + 1;
    return {target, 0};
  }

 private:
  std::uint32_t targets_ = 1;
  std::uint32_t next_ = 0;
};

/// A copy to every target.
template <class T>
class BroadcastRouter {
 public:
  static constexpr bool kHashed = false;
  static constexpr bool kBroadcast = true;
  static constexpr bool kOneTargetIsAll = false;
  void Bind(int, std::uint32_t) {}
};

[[noreturn]] void ThrowBadTarget(std::int64_t target, std::uint32_t targets);

/// `int fn(const T&, int targets)` in [0, targets).
template <class T, class F>
class CustomRouter {
 public:
  static constexpr bool kHashed = false;
  static constexpr bool kBroadcast = false;
  static constexpr bool kOneTargetIsAll = false;  // its answer is checked
  explicit CustomRouter(F fn) : fn_(std::move(fn)) {}
  void Bind(int, std::uint32_t targets) { targets_ = targets; }
  MILLRACE_INLINE Route RouteOf(const T& x) const {
    try {
      const auto target = static_cast<std::int64_t>(fn_(x, static_cast<int>(targets_)));
      if (target < 0 || target >= targets_) [[unlikely]]
        ThrowBadTarget(target, targets_);
      return {static_cast<std::uint32_t>(target), 0};
    } catch (...) {
      internal::RethrowWith<std::remove_cvref_t<decltype(x)>>("PartitionCustom", x);
    }
  }

 private:
  F fn_;
  std::uint32_t targets_ = 1;
};

}  // namespace millrace
