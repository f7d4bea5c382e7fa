#pragma once

#include <cstdint>
#include <string>

#include "millrace/io/type_info.h"

namespace millrace {

/// The canonical text of a type: what its bytes mean, the same on every compiler and machine.
/// `{id: string, timestamp: int64, temperature: float64}`. Names of structs are no part of it; names,
/// types and order of fields are. std::string and millrace::String are the same, so are map and
/// unordered_map; enums are their integer. The grammar is in docs/formats/record_codec.md.
std::string SchemaText(const TypeInfo& type);

/// XXH3-64 of the text: equal for types whose encodings are interchangeable.
std::uint64_t SchemaFingerprint(const TypeInfo& type);

template <class T>
std::string SchemaTextOf() {
  return SchemaText(TypeInfoOf<T>());
}
template <class T>
std::uint64_t SchemaFingerprintOf() {
  return SchemaFingerprint(TypeInfoOf<T>());
}

}  // namespace millrace
