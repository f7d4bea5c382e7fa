#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "millrace/io/codec.h"
#include "millrace/io/record.h"
#include "millrace/io/record_facts.h"

// Types as data: every text format is one loop over these tables, compiled once, and not a template.

namespace millrace {

struct TypeInfo;

/// A field of a record, an element of a tuple or an alternative of a variant (the latter two nameless).
struct FieldInfo {
  std::string_view name;
  std::uint32_t offset;  // of a record's field: bytes from the start of the object; see MemberAt
  const TypeInfo* type;
};

/// What a type can do that memory alone doesn't tell; null where the kind has no use for it. Objects are
/// passed by address.
struct TypeOps {
  // kString, kArenaString. Setting the latter copies into CurrentArena().
  std::string_view (*get_text)(const void*) = nullptr;
  void (*set_text)(void*, std::string_view) = nullptr;
  // kVector, kMap, kUnorderedMap: number of elements; all of them and kOptional: remove what is held.
  std::size_t (*size)(const void*) = nullptr;
  void (*clear)(void*) = nullptr;
  // kVector, kTuple: the i-th element. kVector: a new one, default constructed, at the end.
  const void* (*at)(const void*, std::size_t) = nullptr;
  void* (*append)(void*) = nullptr;
  // kOptional: the value or null; the value, made if there was none.
  const void* (*get)(const void*) = nullptr;
  void* (*emplace)(void*) = nullptr;
  // kVariant: which alternative is held; it; another one, default constructed.
  std::size_t (*index)(const void*) = nullptr;
  const void* (*alternative)(const void*) = nullptr;
  void* (*emplace_index)(void*, std::size_t) = nullptr;
  // Maps: calls visit(context, key, element) for each entry, until it returns false.
  void (*for_each)(const void*, void* context,
                   bool (*visit)(void*, const void*, const void*)) = nullptr;
  // Maps: has fill(context, key, element) fill in a new entry and puts it, instead of one with the same
  // key; false when fill returned false.
  bool (*insert)(void*, void* context, bool (*fill)(void*, void*, void*)) = nullptr;
  // kCustom: for people; and its name in a schema.
  void (*append_text)(const void*, std::string&) = nullptr;
  std::string (*schema_name)() = nullptr;
};

/// A type. Static constant data; lives as long as the program.
struct TypeInfo {
  Kind kind = Kind::kUnsupported;
  std::uint32_t size = 0;             // bytes of an object
  std::string_view name;              // of a record: as MILLRACE_RECORD was given it; else empty
  const FieldInfo* fields = nullptr;  // kRecord, kTuple: members; kVariant: alternatives
  std::uint32_t field_count = 0;
  std::uint32_t element_count = 0;  // kArray
  // kEnum: the underlying integer. kTimePoint, kDuration: the integer that counts. kOptional, kArray,
  // kVector: the element. Maps: the value.
  const TypeInfo* element = nullptr;
  const TypeInfo* key = nullptr;  // maps
  std::int64_t unit_num = 0;      // kTimePoint, kDuration: one tick is num / den seconds
  std::int64_t unit_den = 1;
  const TypeOps* ops = nullptr;

  /// The field of that name, or null.
  const FieldInfo* Find(std::string_view field) const;
};

/// Address of the i-th field of a record, or element of a tuple, array or vector.
const void* MemberAt(const TypeInfo& type, const void* object, std::size_t i);
inline void* MemberAt(const TypeInfo& type, void* object, std::size_t i) {
  return const_cast<void*>(MemberAt(type, static_cast<const void*>(object), i));
}
/// How many of them there are: fields of a record or tuple, elements of an array, vector or map.
std::size_t MemberCount(const TypeInfo& type, const void* object);

/// Any kind of integer, bool, enum, time or duration as int64 (uint64 above 2^63 wraps; see kind).
std::int64_t ReadInteger(const TypeInfo& type, const void* object);
/// False, and nothing written, when the value does not fit.
bool WriteInteger(const TypeInfo& type, void* object, std::int64_t value);
/// Reads kFloat or kDouble.
double ReadFloating(const TypeInfo& type, const void* object);
void WriteFloating(const TypeInfo& type, void* object, double value);

/// Name of a tick's length: "ns", "us", "ms", "s", "min", "h", "d", else e.g. "[1/60]s".
std::string UnitName(const TypeInfo& type);

}  // namespace millrace

#include "millrace/io/type_info_of.h"  // TypeInfoOf<T>()
