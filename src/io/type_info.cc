#include "millrace/io/type_info.h"

#include <cstring>

#include "millrace/base/check.h"

namespace millrace {
namespace {

template <class N>
N Load(const void* object) {
  N value;
  std::memcpy(&value, object, sizeof(value));
  return value;
}

template <class N>
bool StoreIfFits(void* object, std::int64_t value) {
  const auto narrow = static_cast<N>(value);
  if (static_cast<std::int64_t>(narrow) != value) return false;
  if (std::is_unsigned_v<N> && value < 0) return false;
  std::memcpy(object, &narrow, sizeof(narrow));
  return true;
}

}  // namespace

const FieldInfo* TypeInfo::Find(std::string_view field) const {
  for (std::uint32_t i = 0; i < field_count; ++i) {
    if (fields[i].name == field) return &fields[i];
  }
  return nullptr;
}

const void* MemberAt(const TypeInfo& type, const void* object, std::size_t i) {
  switch (type.kind) {
    case Kind::kRecord:
      return static_cast<const char*>(object) + type.fields[i].offset;
    case Kind::kArray:
      return static_cast<const char*>(object) + i * type.element->size;
    case Kind::kTuple:
    case Kind::kVector:
      return type.ops->at(object, i);
    default:
      break;
  }
  MILLRACE_CHECK(false, "a type without members was asked for one");
  return nullptr;
}

std::size_t MemberCount(const TypeInfo& type, const void* object) {
  if (type.kind == Kind::kRecord || type.kind == Kind::kTuple) return type.field_count;
  if (type.kind == Kind::kArray) return type.element_count;
  MILLRACE_CHECK(type.ops->size != nullptr, "a type without members was asked for their number");
  return type.ops->size(object);
}

std::int64_t ReadInteger(const TypeInfo& type, const void* object) {
  switch (type.kind) {
    case Kind::kBool:
    case Kind::kUInt8:
      return Load<std::uint8_t>(object);
    case Kind::kInt8:
      return Load<std::int8_t>(object);
    case Kind::kInt16:
      return Load<std::int16_t>(object);
    case Kind::kUInt16:
      return Load<std::uint16_t>(object);
    case Kind::kInt32:
      return Load<std::int32_t>(object);
    case Kind::kUInt32:
      return Load<std::uint32_t>(object);
    case Kind::kInt64:
    case Kind::kUInt64:
      return Load<std::int64_t>(object);
    case Kind::kEventTime:
      return Load<EventTime>(object).millis();
    case Kind::kEnum:
    case Kind::kTimePoint:
    case Kind::kDuration:
      return ReadInteger(*type.element, object);
    default:
      break;
  }
  MILLRACE_CHECK(false, "a type that is no integer was read as one");
  return 0;
}

bool WriteInteger(const TypeInfo& type, void* object, std::int64_t value) {
  switch (type.kind) {
    case Kind::kBool:
      return (value == 0 || value == 1) && StoreIfFits<std::uint8_t>(object, value);
    case Kind::kUInt8:
      return StoreIfFits<std::uint8_t>(object, value);
    case Kind::kInt8:
      return StoreIfFits<std::int8_t>(object, value);
    case Kind::kInt16:
      return StoreIfFits<std::int16_t>(object, value);
    case Kind::kUInt16:
      return StoreIfFits<std::uint16_t>(object, value);
    case Kind::kInt32:
      return StoreIfFits<std::int32_t>(object, value);
    case Kind::kUInt32:
      return StoreIfFits<std::uint32_t>(object, value);
    case Kind::kInt64:
      return StoreIfFits<std::int64_t>(object, value);
    case Kind::kUInt64:
      return StoreIfFits<std::uint64_t>(object, value);
    case Kind::kEventTime: {
      const EventTime time = EventTime::FromMillis(value);
      std::memcpy(object, &time, sizeof(time));
      return true;
    }
    case Kind::kEnum:
    case Kind::kTimePoint:
    case Kind::kDuration:
      return WriteInteger(*type.element, object, value);
    default:
      break;
  }
  MILLRACE_CHECK(false, "a type that is no integer was written as one");
  return false;
}

double ReadFloating(const TypeInfo& type, const void* object) {
  MILLRACE_CHECK(type.kind == Kind::kFloat || type.kind == Kind::kDouble,
                 "not a floating-point type");
  return type.kind == Kind::kFloat ? Load<float>(object) : Load<double>(object);
}

void WriteFloating(const TypeInfo& type, void* object, double value) {
  MILLRACE_CHECK(type.kind == Kind::kFloat || type.kind == Kind::kDouble,
                 "not a floating-point type");
  if (type.kind == Kind::kDouble) {
    std::memcpy(object, &value, sizeof(value));
    return;
  }
  const auto narrow = static_cast<float>(value);
  std::memcpy(object, &narrow, sizeof(narrow));
}

std::string UnitName(const TypeInfo& type) {
  struct Known {
    std::int64_t num, den;
    const char* name;
  };
  static constexpr Known kKnown[] = {
      {1, 1000000000, "ns"}, {1, 1000000, "us"}, {1, 1000, "ms"}, {1, 1, "s"},
      {60, 1, "min"},        {3600, 1, "h"},     {86400, 1, "d"},
  };
  for (const Known& k : kKnown) {
    if (k.num == type.unit_num && k.den == type.unit_den) return k.name;
  }
  return "[" + std::to_string(type.unit_num) + "/" + std::to_string(type.unit_den) + "]s";
}

}  // namespace millrace
