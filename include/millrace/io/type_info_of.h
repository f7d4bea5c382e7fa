#pragma once

// Part of type_info.h: the tables of a type, made at compile time.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/io/type_info.h"

namespace millrace {
namespace internal {

template <class T>
constexpr TypeInfo MakeTypeInfo();

template <class T>
inline constexpr TypeInfo kTypeInfo = MakeTypeInfo<T>();

// Casts of the erased object.
template <class T>
T& As(void* object) {
  return *static_cast<T*>(object);
}
template <class T>
const T& As(const void* object) {
  return *static_cast<const T*>(object);
}

template <class T>
constexpr TypeOps TextOps() {
  TypeOps ops;
  ops.get_text = [](const void* o) { return std::string_view(As<T>(o)); };
  ops.set_text = [](void* o, std::string_view text) { As<T>(o) = T(text); };
  if constexpr (std::is_same_v<T, std::string>) {
    ops.set_text = [](void* o, std::string_view text) { As<std::string>(o).assign(text); };
  }
  return ops;
}

template <class T>
constexpr TypeOps VectorOps() {
  TypeOps ops;
  ops.size = [](const void* o) { return As<T>(o).size(); };
  ops.clear = [](void* o) { As<T>(o).clear(); };
  ops.at = [](const void* o, std::size_t i) -> const void* { return &As<T>(o)[i]; };
  ops.append = [](void* o) -> void* { return &As<T>(o).emplace_back(); };
  return ops;
}

template <class T>
constexpr TypeOps OptionalOps() {
  TypeOps ops;
  ops.clear = [](void* o) { As<T>(o).reset(); };
  ops.get = [](const void* o) -> const void* { return As<T>(o) ? &*As<T>(o) : nullptr; };
  ops.emplace = [](void* o) -> void* {
    if (!As<T>(o)) As<T>(o).emplace();
    return &*As<T>(o);
  };
  return ops;
}

template <class T, std::size_t... kIndex>
constexpr TypeOps VariantOps(std::index_sequence<kIndex...>) {
  TypeOps ops;
  ops.index = [](const void* o) { return As<T>(o).index(); };
  ops.alternative = [](const void* o) -> const void* {
    const void* held = nullptr;
    ((As<T>(o).index() == kIndex ? void(held = std::get_if<kIndex>(&As<T>(o))) : void()), ...);
    return held;
  };
  ops.emplace_index = [](void* o, std::size_t index) -> void* {
    void* held = nullptr;
    ((index == kIndex ? void(held = &As<T>(o).template emplace<kIndex>()) : void()), ...);
    return held;
  };
  return ops;
}

template <class T>
constexpr TypeOps MapOps() {
  TypeOps ops;
  ops.size = [](const void* o) { return As<T>(o).size(); };
  ops.clear = [](void* o) { As<T>(o).clear(); };
  ops.for_each = [](const void* o, void* context, bool (*visit)(void*, const void*, const void*)) {
    for (const auto& [key, element] : As<T>(o)) {
      if (!visit(context, &key, &element)) return;
    }
  };
  ops.insert = [](void* o, void* context, bool (*fill)(void*, void*, void*)) {
    typename Shape<T>::Key key{};
    typename Shape<T>::Element element{};
    if (!fill(context, &key, &element)) return false;
    As<T>(o).insert_or_assign(std::move(key), std::move(element));
    return true;
  };
  return ops;
}

template <class T, std::size_t... kIndex>
constexpr TypeOps TupleOps(std::index_sequence<kIndex...>) {
  TypeOps ops;
  ops.at = []([[maybe_unused]] const void* o, [[maybe_unused]] std::size_t index) -> const void* {
    const void* element = nullptr;
    ((index == kIndex ? void(element = &std::get<kIndex>(As<T>(o))) : void()), ...);
    return element;
  };
  return ops;
}

template <class T>
constexpr TypeOps CustomOps() {
  TypeOps ops;
  ops.append_text = [](const void* o, std::string& out) {
    RecordCodec<T>::AppendText(As<T>(o), out);
  };
  ops.schema_name = [] { return std::string(RecordCodec<T>::SchemaName()); };
  return ops;
}

template <class T>
constexpr TypeOps MakeTypeOps() {
  constexpr Kind kKind = kKindOf<T>;
  if constexpr (kKind == Kind::kString || kKind == Kind::kArenaString) {
    return TextOps<T>();
  } else if constexpr (kKind == Kind::kVector) {
    return VectorOps<T>();
  } else if constexpr (kKind == Kind::kOptional) {
    return OptionalOps<T>();
  } else if constexpr (kKind == Kind::kVariant) {
    return VariantOps<T>(std::make_index_sequence<Shape<T>::Elements::kSize>{});
  } else if constexpr (kKind == Kind::kTuple) {
    return TupleOps<T>(std::make_index_sequence<Shape<T>::Elements::kSize>{});
  } else if constexpr (kKind == Kind::kMap || kKind == Kind::kUnorderedMap) {
    return MapOps<T>();
  } else if constexpr (kKind == Kind::kCustom) {
    return CustomOps<T>();
  } else {
    return {};
  }
}

template <class T>
inline constexpr TypeOps kTypeOps = MakeTypeOps<T>();

template <class T, auto... kMembers>
constexpr auto FieldInfos(const FieldList<T, kMembers...>& list) {
  std::array<FieldInfo, sizeof...(kMembers)> fields{
      FieldInfo{{}, 0, &kTypeInfo<MemberTypeOf<kMembers>>}...};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    fields[i].name = list.names[i];
    fields[i].offset = list.offsets[i];
  }
  return fields;
}
template <class T>
inline constexpr auto kRecordFields = FieldInfos(FieldsOf<T>());

template <class List>
struct PositionFields;
template <class... Ts>
struct PositionFields<TypeList<Ts...>> {  // one more than needed: an array of none does not exist
  static constexpr FieldInfo kTable[] = {FieldInfo{{}, 0, &kTypeInfo<Ts>}...,
                                         FieldInfo{{}, 0, nullptr}};
};

template <class T>
constexpr TypeInfo MakeTypeInfo() {
  constexpr Kind kKind = kKindOf<T>;
  TypeInfo info;
  info.kind = kKind;
  info.size = sizeof(T);
  info.ops = &kTypeOps<T>;
  if constexpr (kKind == Kind::kRecord) {
    info.name = FieldsOf<T>().type_name;
    info.fields = kRecordFields<T>.data();
    info.field_count = static_cast<std::uint32_t>(kRecordFields<T>.size());
  } else if constexpr (kKind == Kind::kTuple || kKind == Kind::kVariant) {
    info.fields = PositionFields<typename Shape<T>::Elements>::kTable;
    info.field_count = static_cast<std::uint32_t>(Shape<T>::Elements::kSize);
  } else if constexpr (kKind == Kind::kEnum) {
    info.element = &kTypeInfo<std::underlying_type_t<T>>;
  } else if constexpr (kKind == Kind::kTimePoint || kKind == Kind::kDuration) {
    info.element = &kTypeInfo<typename Shape<T>::Rep>;
    info.unit_num = Shape<T>::Period::num;
    info.unit_den = Shape<T>::Period::den;
  } else if constexpr (requires { typename Shape<T>::Element; }) {
    info.element = &kTypeInfo<typename Shape<T>::Element>;
    if constexpr (requires { typename Shape<T>::Key; })
      info.key = &kTypeInfo<typename Shape<T>::Key>;
    if constexpr (kKind == Kind::kArray) info.element_count = Shape<T>::kSize;
  }
  return info;
}

}  // namespace internal

/// The table of a type. Static data, made at compile time.
template <class T>
constexpr const TypeInfo& TypeInfoOf() {
  static_assert(kSerializable<T>, MILLRACE_NOT_SERIALIZABLE);
  return internal::kTypeInfo<T>;
}

}  // namespace millrace
