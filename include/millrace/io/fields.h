#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace millrace {

/// The field table of a record: what MILLRACE_RECORD declares and everything else is derived from.
/// Fields stand in the order in which the macro names them.
template <class T, auto... kMembers>
struct FieldList {
  using Record = T;
  static constexpr std::size_t kSize = sizeof...(kMembers);

  const char* type_name;
  const char* names[kSize];
  std::uint32_t offsets[kSize];
};

namespace internal {

/// Carries a type to the function that MILLRACE_RECORD declares beside it (found by ADL).
template <class T>
struct RecordTag {};

/// Stands for a value of any type, never evaluated: counts the members of an aggregate.
struct AnyMember {
  template <class U>
  operator U() const;
};

template <class T, std::size_t... kIndex>
constexpr bool TakesMembers(std::index_sequence<kIndex...>) {
  return requires { T{((void)kIndex, AnyMember{})...}; };
}

/// True when the aggregate T certainly has more members than were named. Best effort: false when the
/// members can't be counted.
template <class T, std::size_t kNamed>
constexpr bool MissesMembers() {
  if constexpr (std::is_aggregate_v<T>) {
    return TakesMembers<T>(std::make_index_sequence<kNamed + 1>{});
  } else {
    return false;
  }
}

template <class T>
concept HasFieldTable = requires { MillraceRecordOf(RecordTag<T>{}); };

}  // namespace internal

/// True for a struct that MILLRACE_RECORD describes. Ask only after the macro.
template <class T>
inline constexpr bool kIsRecord = internal::HasFieldTable<T>;

/// The field table of a record: names, offsets (bytes) and, as template arguments, member pointers.
template <class T>
constexpr auto FieldsOf() {
  static_assert(kIsRecord<T>, "millrace: this struct has no field table: add MILLRACE_RECORD");
  return MillraceRecordOf(internal::RecordTag<T>{});
}

/// Calls fn(name, field) for each field of a record, in order.
///
///     ForEachField(reading, [](const char* name, auto& field) { ... });
template <class T, class F>
constexpr void ForEachField(T& record, F&& fn) {
  using R = std::remove_const_t<T>;
  constexpr auto kFields = FieldsOf<R>();
  [&]<auto... kMembers>(const FieldList<R, kMembers...>& fields) {
    std::size_t i = 0;
    (fn(fields.names[i++], record.*kMembers), ...);
  }(kFields);
}

}  // namespace millrace
