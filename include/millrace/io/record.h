#pragma once

#include <cstddef>
#include <type_traits>

#include "millrace/io/fields.h"
#include "millrace/io/record_facts.h"
#include "millrace/io/record_macro.h"
#include "millrace/io/record_types.h"

/// Names the fields of a struct, once; serialization, state schemas, printing, comparison and the text
/// formats all come from it. Stands right after the struct, at namespace scope, in the struct's namespace:
///
///     struct SensorReading {
///       std::string id;
///       double temperature;  // degrees Celsius
///     };
///     MILLRACE_RECORD(SensorReading, id, temperature);
///
/// 1 to 64 fields, all of them: a field left out of an aggregate does not compile. Reordering or renaming
/// fields changes the schema. A record is default constructible and movable; fields have the types listed
/// in record_types.h. Defines no operators: your own ones stay yours (see compare.h for Equal, Compare).
#define MILLRACE_RECORD(Type, ...)                                                                \
  static_assert(std::is_default_constructible_v<Type>,                                            \
                "millrace: MILLRACE_RECORD: " #Type " needs a default constructor");              \
  static_assert(std::is_move_constructible_v<Type> && std::is_move_assignable_v<Type>,            \
                "millrace: MILLRACE_RECORD: " #Type " must be movable");                          \
  _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Winvalid-offsetof\"")         \
      [[maybe_unused]] constexpr auto                                                             \
      MillraceRecordOf(::millrace::internal::RecordTag<Type> millrace_tag) {                      \
    return []<class MillraceType>(::millrace::internal::RecordTag<MillraceType>) {                \
      constexpr bool named = requires { MILLRACE_FOR_EACH(MILLRACE_RECORD_ASK, __VA_ARGS__) };    \
      if constexpr (named) {                                                                      \
        return ::millrace::internal::MakeFields<MillraceType MILLRACE_FOR_EACH(                   \
            MILLRACE_RECORD_MEMBER, __VA_ARGS__)>(                                                \
            #Type, {MILLRACE_FOR_EACH(MILLRACE_RECORD_NAME, __VA_ARGS__)},                        \
            {MILLRACE_FOR_EACH(MILLRACE_RECORD_OFFSET, __VA_ARGS__)});                            \
      } else {                                                                                    \
        return ::millrace::internal::RefuseNames<MillraceType>();                                 \
      }                                                                                           \
    }(millrace_tag);                                                                              \
  }                                                                                               \
  _Pragma("GCC diagnostic pop") static_assert(                                                    \
      ::millrace::kIsRecord<Type>, "millrace: MILLRACE_RECORD: stands in the namespace of " #Type \
                                   ", not in a function or class")

#define MILLRACE_RECORD_ASK(field) &MillraceType::field;
#define MILLRACE_RECORD_MEMBER(field) , &MillraceType::field
#define MILLRACE_RECORD_NAME(field) #field,
#define MILLRACE_RECORD_OFFSET(field) offsetof(MillraceType, field),

namespace millrace::internal {

/// Of a macro that names what is no field, or a private one. No fields at all: the compiler says one sentence, not a page.
template <class T>
constexpr auto RefuseNames() {
  constexpr bool named = !std::is_same_v<T, T>;
  static_assert(named,
                "millrace: MILLRACE_RECORD: names what is no public field of the struct (T)");
  FieldList<T> none{};
  none.type_name = "";
  return none;
}
/// Refuses a field of a type that no record can have.
template <class T, class M>
constexpr bool CheckField() {
  constexpr bool message = kFacts<M>.message;
  static_assert(!message,
                "millrace: MILLRACE_RECORD: a Protobuf message (M): include millrace/protobuf.h");
  constexpr bool ok = kFacts<M>.serializable || message;
  static_assert(
      ok,
      "millrace: MILLRACE_RECORD: a field's type (M) can't be serialized: see io/record_types.h");
  static_assert(!std::is_const_v<M>,
                "millrace: MILLRACE_RECORD: a const field can't be decoded into");
  return ok;
}
template <class T, auto... kMembers>
constexpr auto MakeFields(const char* name, const char* const (&names)[sizeof...(kMembers)],
                          const std::uint32_t (&offsets)[sizeof...(kMembers)]) {
  constexpr std::size_t kSize = sizeof...(kMembers);
  static_assert(kSize <= 64, "millrace: MILLRACE_RECORD: at most 64 fields; nest a record");
  static_assert(!MissesMembers<T, kSize>(),
                "millrace: MILLRACE_RECORD: a field of the struct is not named");
  static_assert((CheckField<T, MemberTypeOf<kMembers>>() && ...) || true);
  FieldList<T, kMembers...> list{};
  list.type_name = name;
  for (std::size_t i = 0; i < kSize; ++i) {
    list.names[i] = names[i];
    list.offsets[i] = offsets[i];
  }
  return list;
}

}  // namespace millrace::internal
