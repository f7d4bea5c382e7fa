#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "millrace/io/type_info.h"

namespace millrace {

/// Why a text is no value of its type, and where.
struct TextError {
  std::size_t column = 1;  // of the first byte that does not fit, in bytes from 1
  std::string what;
};

/// True for what stands in one field of a table: numbers, bool, enums, times, durations, text, and optionals of those.
constexpr bool IsScalarText(const TypeInfo& type) {
  if (type.kind == Kind::kOptional)
    return type.element->kind != Kind::kOptional && IsScalarText(*type.element);
  return internal::IsNumber(type.kind) || type.kind == Kind::kString ||
         type.kind == Kind::kArenaString;
}

/// Reads one such value. Integers in decimal, no more than the type holds; floating point as `1.5`, `1e3`, `NaN`,
/// `Infinity`; bool as `true` or `false`; enums as their integer; times as a count in their own unit since 1970 (EventTime:
/// milliseconds) or as ISO 8601 in UTC (`2026-11-24T03:55:00.250Z`); durations as a count in their own unit. No blanks.
/// False, with the reason, when the text is something else; the object may then hold anything.
bool ParseScalar(const TypeInfo& type, void* object, std::string_view text, std::string* why);

/// What ParseScalar reads again: times as counts. An empty optional appends nothing.
void AppendScalar(const TypeInfo& type, const void* object, std::string& out);

/// `2026-11-24`, `2026-11-24T03:55:00`, with a fraction of up to nine digits, with or without `Z` (always UTC), 'T' or a
/// blank between; in ticks of num/den seconds, rounded down. False when the text is no such time or does not fit.
bool ParseIsoTime(std::string_view text, std::int64_t num, std::int64_t den, std::int64_t* ticks);

/// A name from `type`'s fields that resembles `name`, or an empty view: for "did you mean".
std::string_view NearestField(const TypeInfo& type, std::string_view name);

}  // namespace millrace
