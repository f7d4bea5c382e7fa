#include "millrace/io/print.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <limits>
#include <type_traits>

namespace millrace {
namespace {

template <class N>
void AppendNumber(N number, std::string& out) {
  if constexpr (std::is_floating_point_v<N>) {
    if (number != number) {  // without its sign, which says nothing
      out += "nan";
      return;
    }
  }
  char text[64];
  const auto result = std::to_chars(text, text + sizeof(text), number);
  out.append(text, result.ptr);
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          char code[8];
          std::snprintf(code, sizeof(code), "\\u%04x", static_cast<unsigned>(c));
          out += code;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

/// Digits after the decimal point that a tick of 1/den seconds needs, or -1.
int FractionDigits(std::int64_t den) {
  int digits = 0;
  for (; den > 1 && den % 10 == 0 && digits < 9; den /= 10) ++digits;
  return den == 1 ? digits : -1;
}

/// A time as ISO 8601; times beyond the calendar (year 9999, year 0) as a count since 1970.
void AppendTime(const TypeInfo& type, std::int64_t count, std::string& out) {
  const int digits = FractionDigits(type.unit_den);
  std::int64_t scaled = 0;
  constexpr std::int64_t kFirst = -62135596800;  // year 1
  constexpr std::int64_t kLast = 253402300799;   // end of year 9999
  const bool overflow = __builtin_mul_overflow(count, type.unit_num, &scaled);
  const std::int64_t seconds = EventTime::FloorDiv(scaled, type.unit_den);
  if (digits < 0 || overflow || seconds < kFirst || seconds > kLast) {
    AppendNumber(count, out);
    out += UnitName(type) + " since 1970";
    return;
  }
  const std::int64_t days = EventTime::FloorDiv(seconds, 86400);
  const auto of_day = static_cast<int>(seconds - days * 86400);
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(days)}}};
  char text[64];
  int size = std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d",
                           static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                           static_cast<unsigned>(date.day()), of_day / 3600, of_day / 60 % 60,
                           of_day % 60);
  if (digits > 0) {
    size += std::snprintf(text + size, sizeof(text) - static_cast<std::size_t>(size), ".%0*lld",
                          digits, static_cast<long long>(scaled - seconds * type.unit_den));
  }
  out.append(text, static_cast<std::size_t>(size));
  out += 'Z';
}

void AppendNested(const TypeInfo& type, const void* object, std::string& out);

void AppendMembers(const TypeInfo& type, const void* object, char open, char close,
                   std::string& out) {
  out += open;
  const std::size_t count = MemberCount(type, object);
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) out += ", ";
    const bool is_field = type.kind == Kind::kRecord || type.kind == Kind::kTuple;
    if (type.kind == Kind::kRecord) {
      out += type.fields[i].name;
      out += ": ";
    }
    AppendNested(is_field ? *type.fields[i].type : *type.element, MemberAt(type, object, i), out);
  }
  out += close;
}

void AppendMap(const TypeInfo& type, const void* object, std::string& out) {
  struct Context {
    const TypeInfo& type;
    std::string& out;
    bool first = true;
  };
  Context context{type, out};
  out += '{';
  type.ops->for_each(object, &context, [](void* c, const void* key, const void* element) {
    auto& to = *static_cast<Context*>(c);
    if (!to.first) to.out += ", ";
    to.first = false;
    AppendNested(*to.type.key, key, to.out);
    to.out += ": ";
    AppendNested(*to.type.element, element, to.out);
    return true;
  });
  out += '}';
}

void AppendNested(const TypeInfo& type, const void* object, std::string& out) {
  switch (type.kind) {
    case Kind::kBool:
      out += ReadInteger(type, object) != 0 ? "true" : "false";
      return;
    case Kind::kUInt64:
      return AppendNumber(static_cast<std::uint64_t>(ReadInteger(type, object)), out);
    case Kind::kFloat:
      return AppendNumber(static_cast<float>(ReadFloating(type, object)), out);
    case Kind::kDouble:
      return AppendNumber(ReadFloating(type, object), out);
    case Kind::kEnum:
      return AppendNested(*type.element, object, out);
    case Kind::kEventTime: {
      static constexpr TypeInfo kMillis = [] {
        TypeInfo t;
        t.unit_num = 1;
        t.unit_den = 1000;
        return t;
      }();
      const EventTime time = EventTime::FromMillis(ReadInteger(type, object));
      if (time == EventTime::Min() || time == EventTime::Max()) {
        out += time.ToString();
      } else {
        AppendTime(kMillis, time.millis(), out);
      }
      return;
    }
    case Kind::kTimePoint:
      return AppendTime(type, ReadInteger(type, object), out);
    case Kind::kDuration:
      AppendNumber(ReadInteger(type, object), out);
      out += UnitName(type);
      return;
    case Kind::kString:
    case Kind::kArenaString:
      return AppendQuoted(type.ops->get_text(object), out);
    case Kind::kOptional: {
      const void* value = type.ops->get(object);
      if (value == nullptr) {
        out += "null";
      } else {
        AppendNested(*type.element, value, out);
      }
      return;
    }
    case Kind::kVariant: {
      const std::size_t index = type.ops->index(object);
      if (index >= type.field_count) {
        out += "null";  // valueless by exception
      } else {
        AppendNested(*type.fields[index].type, type.ops->alternative(object), out);
      }
      return;
    }
    case Kind::kTuple:
      return AppendMembers(type, object, '(', ')', out);
    case Kind::kRecord:
      return AppendMembers(type, object, '{', '}', out);
    case Kind::kArray:
    case Kind::kVector:
      return AppendMembers(type, object, '[', ']', out);
    case Kind::kMap:
    case Kind::kUnorderedMap:
      return AppendMap(type, object, out);
    case Kind::kCustom:
      return type.ops->append_text(object, out);
    default:
      return AppendNumber(ReadInteger(type, object), out);  // the other integers
  }
}

}  // namespace

void AppendText(const TypeInfo& type, const void* object, std::string& out) {
  if (type.kind == Kind::kString || type.kind == Kind::kArenaString) {
    out += type.ops->get_text(object);
  } else {
    AppendNested(type, object, out);
  }
}

}  // namespace millrace
