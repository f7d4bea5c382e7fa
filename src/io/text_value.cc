#include "millrace/io/text_value.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "millrace/base/nearest.h"

namespace millrace {
namespace {

template <class N>
void AppendNumber(N number, std::string& out) {
  char text[64];
  const auto result = std::to_chars(text, text + sizeof(text), number);
  out.append(text, result.ptr);
}

template <class N>
std::errc ReadNumber(std::string_view text, N* value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (result.ec == std::errc() && result.ptr != text.data() + text.size())
    return std::errc::invalid_argument;
  return result.ec;
}

std::string Quoted(std::string_view text) {
  constexpr std::size_t kMost = 60;
  return "'" + std::string(text.substr(0, kMost)) + (text.size() > kMost ? "...'" : "'");
}

bool Fail(std::string_view text, const char* problem, std::string* why) {
  *why = Quoted(text) + problem;
  return false;
}

bool ParseUnsigned64(void* object, std::string_view text, std::string* why) {
  std::uint64_t value = 0;
  const std::errc error = ReadNumber(text, &value);
  if (error == std::errc::result_out_of_range)
    return Fail(text, " is out of the range of uint64", why);
  if (error != std::errc()) return Fail(text, " is not an unsigned integer", why);
  std::memcpy(object, &value, sizeof(value));
  return true;
}

bool ParseInteger(const TypeInfo& type, void* object, std::string_view text, std::string* why) {
  std::int64_t value = 0;
  const std::errc error = ReadNumber(text, &value);
  if (error == std::errc::invalid_argument) return Fail(text, " is not an integer", why);
  if (error != std::errc() || !WriteInteger(type, object, value)) {
    return Fail(text, " is out of the range of the field's type", why);
  }
  return true;
}

bool ParseFloating(const TypeInfo& type, void* object, std::string_view text, std::string* why) {
  double value = 0;
  if (text == "NaN") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity" || text == "-Infinity") {
    value = text[0] == '-' ? -std::numeric_limits<double>::infinity()
                           : std::numeric_limits<double>::infinity();
  } else {
    const bool number = !text.empty() &&
                        (text[0] == '-' || text[0] == '.' || (text[0] >= '0' && text[0] <= '9')) &&
                        text.find_first_of("nN") ==
                            std::string_view::npos;  // from_chars knows inf and nan of its own
    const std::errc error = number ? ReadNumber(text, &value) : std::errc::invalid_argument;
    if (error == std::errc::result_out_of_range)
      return Fail(text, " is out of the range of a double", why);
    if (error != std::errc()) return Fail(text, " is not a number", why);
    if (type.kind == Kind::kFloat && std::abs(value) > std::numeric_limits<float>::max()) {
      return Fail(text, " is out of the range of a float", why);
    }
  }
  WriteFloating(type, object, value);
  return true;
}

bool ParseTime(const TypeInfo& type, void* object, std::string_view text, std::string* why) {
  if (text.size() >= 10 && text.find('-', 1) != std::string_view::npos) {
    const bool millis = type.kind == Kind::kEventTime;
    std::int64_t ticks = 0;
    if (ParseIsoTime(text, millis ? 1 : type.unit_num, millis ? 1000 : type.unit_den, &ticks) &&
        WriteInteger(type, object, ticks)) {
      return true;
    }
    return Fail(text, " is no time (ISO 8601 in UTC, or a count since 1970)", why);
  }
  return ParseInteger(type, object, text, why);
}

/// A number of exactly `digits` digits at `*at`, which moves on.
bool TakeDigits(std::string_view text, std::size_t* at, std::size_t digits, int* value) {
  if (text.size() - *at < digits) return false;
  *value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const char c = text[*at + i];
    if (c < '0' || c > '9') return false;
    *value = *value * 10 + (c - '0');
  }
  *at += digits;
  return true;
}

bool TakeChar(std::string_view text, std::size_t* at, char c) {
  if (*at >= text.size() || text[*at] != c) return false;
  ++*at;
  return true;
}

/// The digits after a dot, as nanoseconds.
bool TakeFraction(std::string_view text, std::size_t* at, std::int64_t* nanos) {
  std::int64_t unit = 100000000;
  const std::size_t begin = *at;
  for (; *at < text.size() && text[*at] >= '0' && text[*at] <= '9'; ++*at, unit /= 10)
    *nanos += (text[*at] - '0') * unit;
  return *at > begin && *at - begin <= 9;
}

}  // namespace

bool ParseScalar(const TypeInfo& type, void* object, std::string_view text, std::string* why) {
  switch (type.kind) {
    case Kind::kString:
    case Kind::kArenaString:
      type.ops->set_text(object, text);
      return true;
    case Kind::kBool:
      if (text != "true" && text != "false") return Fail(text, " is neither true nor false", why);
      return WriteInteger(type, object, text == "true" ? 1 : 0);
    case Kind::kFloat:
    case Kind::kDouble:
      return ParseFloating(type, object, text, why);
    case Kind::kUInt64:
      return ParseUnsigned64(object, text, why);
    case Kind::kEventTime:
    case Kind::kTimePoint:
      return ParseTime(type, object, text, why);
    case Kind::kEnum:
      return ParseScalar(*type.element, object, text, why);
    case Kind::kOptional:
      return ParseScalar(*type.element, type.ops->emplace(object), text, why);
    default:
      return ParseInteger(type, object, text, why);
  }
}

void AppendScalar(const TypeInfo& type, const void* object, std::string& out) {
  switch (type.kind) {
    case Kind::kString:
    case Kind::kArenaString:
      out += type.ops->get_text(object);
      return;
    case Kind::kBool:
      out += ReadInteger(type, object) != 0 ? "true" : "false";
      return;
    case Kind::kFloat:
    case Kind::kDouble: {
      const double value = ReadFloating(type, object);
      if (std::isnan(value)) {
        out += "NaN";
      } else if (std::isinf(value)) {
        out += value < 0 ? "-Infinity" : "Infinity";
      } else if (type.kind == Kind::kFloat) {
        AppendNumber(static_cast<float>(value), out);
      } else {
        AppendNumber(value, out);
      }
      return;
    }
    case Kind::kUInt64:
      return AppendNumber(static_cast<std::uint64_t>(ReadInteger(type, object)), out);
    case Kind::kEnum:
      return AppendScalar(*type.element, object, out);
    case Kind::kOptional:
      if (const void* value = type.ops->get(object)) AppendScalar(*type.element, value, out);
      return;
    default:
      return AppendNumber(ReadInteger(type, object), out);
  }
}

bool ParseIsoTime(std::string_view text, std::int64_t num, std::int64_t den, std::int64_t* ticks) {
  std::size_t at = 0;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::int64_t nanos = 0;
  if (!TakeDigits(text, &at, 4, &year) || !TakeChar(text, &at, '-') ||
      !TakeDigits(text, &at, 2, &month) || !TakeChar(text, &at, '-') ||
      !TakeDigits(text, &at, 2, &day)) {
    return false;
  }
  if (at < text.size()) {
    if (!TakeChar(text, &at, 'T') && !TakeChar(text, &at, ' ')) return false;
    if (!TakeDigits(text, &at, 2, &hour) || !TakeChar(text, &at, ':') ||
        !TakeDigits(text, &at, 2, &minute) || !TakeChar(text, &at, ':') ||
        !TakeDigits(text, &at, 2, &second)) {
      return false;
    }
    if (TakeChar(text, &at, '.') && !TakeFraction(text, &at, &nanos)) return false;
    TakeChar(text, &at, 'Z');
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (at != text.size() || !date.ok() || hour > 23 || minute > 59 || second > 59) return false;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second;
  // ticks = floor((seconds + nanos / 1e9) * den / num)
  const __int128 scaled = (static_cast<__int128>(seconds) * 1000000000 + nanos) * den;
  const __int128 unit = static_cast<__int128>(num) * 1000000000;
  const __int128 floor = scaled >= 0 ? scaled / unit : -((-scaled + unit - 1) / unit);
  if (floor > INT64_MAX || floor < INT64_MIN) return false;
  *ticks = static_cast<std::int64_t>(floor);
  return true;
}

std::string_view NearestField(const TypeInfo& type, std::string_view name) {
  std::vector<std::string_view> fields;
  for (std::uint32_t i = 0; i < type.field_count; ++i) fields.push_back(type.fields[i].name);
  return Nearest(name, fields);
}

}  // namespace millrace
