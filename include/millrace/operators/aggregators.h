#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/io/value_traits.h"
#include "millrace/operators/collector.h"

/// Ready-made aggregators, and what a user's own looks like (Flink: AggregateFunction):
///   using Accumulator = A;                                   // serializable
///   A Create() const;
///   void Add(A& acc, const T& record) const;
///   void Merge(A& acc, const A& other) const;                // acc and other over disjoint records
///   R Result(const A& acc) const;
/// and, where it can be undone exactly (integers, never floating point):
///   void Subtract(A& acc, const A& other) const;             // other is part of acc
namespace millrace {

/// True when sliding windows may take a pane away from a running total.
template <class Agg>
inline constexpr bool kInvertible =
    requires(const Agg& a, typename Agg::Accumulator& x, const typename Agg::Accumulator& y) {
      a.Subtract(x, y);
    };

template <class Agg, class T>
concept AggregatorOf = requires(const Agg& a, typename Agg::Accumulator& x, const T& t) {
  { a.Create() } -> std::convertible_to<typename Agg::Accumulator>;
  a.Add(x, t);
  a.Merge(x, std::as_const(x));
  a.Result(std::as_const(x));
};

template <class Agg>
using AggregateResult = std::remove_cvref_t<decltype(std::declval<const Agg&>().Result(
    std::declval<const typename Agg::Accumulator&>()))>;

namespace internal {
/// Sums of integers wrap around, which for signed ones C++ leaves open.
template <class A>
MILLRACE_INLINE void AddWrapping(A& to, A what) {
  if constexpr (std::is_integral_v<A>) {
    using Unsigned = std::make_unsigned_t<A>;
    to = static_cast<A>(static_cast<Unsigned>(to) + static_cast<Unsigned>(what));
  } else {
    to += what;
  }
}
template <class A>
MILLRACE_INLINE void SubtractWrapping(A& from, A what) {
  using Unsigned = std::make_unsigned_t<A>;
  from = static_cast<A>(static_cast<Unsigned>(from) - static_cast<Unsigned>(what));
}
}  // namespace internal

/// Number of records, as int64.
struct Count {
  using Accumulator = std::int64_t;
  Accumulator Create() const { return 0; }
  template <class T>
  MILLRACE_INLINE void Add(Accumulator& acc, const T&) const {
    internal::AddWrapping<Accumulator>(acc, 1);
  }
  MILLRACE_INLINE void Merge(Accumulator& acc, const Accumulator& other) const {
    internal::AddWrapping(acc, other);
  }
  MILLRACE_INLINE void Subtract(Accumulator& acc, const Accumulator& other) const {
    internal::SubtractWrapping(acc, other);
  }
  MILLRACE_INLINE Accumulator Result(const Accumulator& acc) const { return acc; }
};

namespace internal {

template <class V>
using SumOf =
    std::conditional_t<std::is_floating_point_v<V>, double,
                       std::conditional_t<std::is_unsigned_v<V>, std::uint64_t, std::int64_t>>;

template <class A>
struct ExactSubtract {
  MILLRACE_INLINE void Subtract(A& acc, const A& other) const { SubtractWrapping(acc, other); }
};
struct NoSubtract {};

}  // namespace internal

/// Sum of a member: int64, uint64 or double. Integers wrap around on overflow, as in Flink's
/// (Java's) sums.
template <class T, class V>
struct Sum : std::conditional_t<std::is_floating_point_v<V>, internal::NoSubtract,
                                internal::ExactSubtract<internal::SumOf<V>>> {
  using Accumulator = internal::SumOf<V>;
  explicit Sum(V T::* member) : member(member) {}
  Accumulator Create() const { return 0; }
  MILLRACE_INLINE void Add(Accumulator& acc, const T& record) const {
    internal::AddWrapping(acc, static_cast<Accumulator>(record.*member));
  }
  MILLRACE_INLINE void Merge(Accumulator& acc, const Accumulator& other) const {
    internal::AddWrapping(acc, other);
  }
  MILLRACE_INLINE Accumulator Result(const Accumulator& acc) const { return acc; }
  V T::* member;
};

/// Mean of a member, as double; 0 records give 0.
template <class T, class V>
struct Average {
  using Accumulator = std::pair<double, std::int64_t>;
  explicit Average(V T::* member) : member(member) {}
  Accumulator Create() const { return {0.0, 0}; }
  MILLRACE_INLINE void Add(Accumulator& acc, const T& record) const {
    acc.first += static_cast<double>(record.*member);
    internal::AddWrapping<std::int64_t>(acc.second, 1);
  }
  MILLRACE_INLINE void Merge(Accumulator& acc, const Accumulator& other) const {
    acc.first += other.first;
    internal::AddWrapping(acc.second, other.second);
  }
  MILLRACE_INLINE double Result(const Accumulator& acc) const {
    return acc.second == 0 ? 0.0 : acc.first / static_cast<double>(acc.second);
  }
  V T::* member;
};

namespace internal {

/// The extreme of a member; `kRecord` keeps the whole first record that has it.
template <class T, class V, bool kLess, bool kRecord>
struct Extreme {
  using Kept = std::conditional_t<kRecord, T, V>;
  using Accumulator = std::pair<bool, Kept>;
  explicit Extreme(V T::* member) : member(member) {}
  Accumulator Create() const { return {false, Kept{}}; }
  MILLRACE_INLINE void Add(Accumulator& acc, const T& record) const {
    if constexpr (kRecord) {
      if (!acc.first || Better(record.*member, acc.second.*member)) Keep(acc, record);
    } else {
      if (!acc.first || Better(record.*member, acc.second)) Keep(acc, record.*member);
    }
  }
  MILLRACE_INLINE void Merge(Accumulator& acc, const Accumulator& other) const {
    if (!other.first) return;
    if constexpr (kRecord) {
      if (!acc.first || Better(other.second.*member, acc.second.*member)) Keep(acc, other.second);
    } else {
      if (!acc.first || Better(other.second, acc.second)) Keep(acc, other.second);
    }
  }
  MILLRACE_INLINE Kept Result(const Accumulator& acc) const { return acc.second; }
  V T::* member;

 private:
  MILLRACE_INLINE static bool Better(const V& a, const V& b) { return kLess ? a < b : b < a; }
  MILLRACE_INLINE static void Keep(Accumulator& acc, const Kept& kept) {
    acc.first = true;
    CopyInto(acc.second, kept);
  }
};

}  // namespace internal

/// Smallest / largest value of a member. (Flink: min, max)
template <class T, class V>
struct Min : internal::Extreme<T, V, true, false> {
  explicit Min(V T::* member) : internal::Extreme<T, V, true, false>(member) {}
};
template <class T, class V>
struct Max : internal::Extreme<T, V, false, false> {
  explicit Max(V T::* member) : internal::Extreme<T, V, false, false>(member) {}
};
/// The first record with the smallest / largest value of a member. (Flink: minBy, maxBy)
template <class T, class V>
struct MinBy : internal::Extreme<T, V, true, true> {
  explicit MinBy(V T::* member) : internal::Extreme<T, V, true, true>(member) {}
};
template <class T, class V>
struct MaxBy : internal::Extreme<T, V, false, true> {
  explicit MaxBy(V T::* member) : internal::Extreme<T, V, false, true>(member) {}
};
template <class T, class V>
Min(V T::*) -> Min<T, V>;
template <class T, class V>
Max(V T::*) -> Max<T, V>;
template <class T, class V>
MinBy(V T::*) -> MinBy<T, V>;
template <class T, class V>
MaxBy(V T::*) -> MaxBy<T, V>;

/// The `n` records with the largest values of a member, best first; the earlier one of equals ranks first.
template <class T, class V>
struct TopK {
  using Accumulator = std::vector<T>;
  static constexpr std::size_t kMost = 1000000;
  TopK(std::size_t n, V T::* member) : n(n), member(member) {}
  /// What is wrong with it; empty when nothing is.
  std::string Mistake() const {
    if (n >= 1 && n <= kMost) return {};
    return "TopK keeps 1 to " + std::to_string(kMost) + " records, not " + std::to_string(n);
  }
  Accumulator Create() const { return {}; }
  void Add(Accumulator& acc, const T& record) const {
    if (n == 0 || (acc.size() == n && !(acc.back().*member < record.*member))) return;
    auto at = std::upper_bound(acc.begin(), acc.end(), record,
                               [this](const T& a, const T& b) { return b.*member < a.*member; });
    if (acc.size() == n) acc.pop_back();
    acc.insert(at, record);
  }
  void Merge(Accumulator& acc, const Accumulator& other) const {
    for (const T& record : other) Add(acc, record);
  }
  std::vector<T> Result(const Accumulator& acc) const { return acc; }
  std::size_t n;
  V T::* member;
};

}  // namespace millrace
