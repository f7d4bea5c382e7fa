#pragma once

#include <string>
#include <string_view>

#include "millrace/base/status.h"
#include "millrace/io/text_value.h"

namespace millrace {

/// How strictly JSON is read.
struct JsonOptions {
  /// Fields that the record does not have are passed over instead of being an error.
  bool ignore_unknown_fields = false;
  /// Fields that the text does not have keep the value of a fresh record instead of being an error. (Empty optionals may
  /// always be left out.)
  bool allow_missing_fields = false;
};

/// Reads JSON into values of any record type, driven by its TypeInfo.
///
/// Records are objects, tuples and pairs arrays of their length, vectors and arrays arrays, maps objects (keys that are not
/// text as text: `{"7": 1}`), optionals the value or null, variants `[index, value]`. Scalars as ParseScalar reads them:
/// numbers and booleans as such, times as a number in their unit or an ISO 8601 text; NaN and the infinities as texts.
/// A field that occurs twice is an error. Text must be UTF-8 (RFC 8259).
class JsonParser {
 public:
  explicit JsonParser(JsonOptions options = {}) : options_(options) {}

  /// One JSON text, blanks around it. False, with the reason, when it is no value of this type; the object may then hold
  /// anything that its type can.
  bool Parse(const TypeInfo& type, void* object, std::string_view text, TextError* error) const;

 private:
  JsonOptions options_;
};

/// Appends a value as JSON in one line; JsonParser reads it again as the same value. Throws std::invalid_argument when a
/// text is not UTF-8.
void AppendJson(const TypeInfo& type, const void* object, std::string& out);

/// True when all of a type has a form in JSON: everything but types with a RecordCodec of their own.
constexpr bool HasJsonForm(const TypeInfo& type, int depth = 0) {
  constexpr int kDeepest = 6;  // of types that hold themselves
  if (type.kind == Kind::kCustom) return false;
  if (depth == kDeepest) return true;
  for (std::uint32_t i = 0; i < type.field_count; ++i) {
    if (!HasJsonForm(*type.fields[i].type, depth + 1)) return false;
  }
  return (type.element == nullptr || HasJsonForm(*type.element, depth + 1)) &&
         (type.key == nullptr || HasJsonForm(*type.key, depth + 1));
}

/// A value as JSON in one line. Throws std::invalid_argument when a text is not UTF-8.
template <class T>
std::string ToJson(const T& value) {
  std::string out;
  AppendJson(TypeInfoOf<T>(), &value, out);
  return out;
}

/// `auto reading = millrace::FromJson<Reading>(R"({"id": "a", "value": 1.5})");`
template <class T>
Result<T> FromJson(std::string_view text, JsonOptions options = {}) {
  T value{};
  TextError error;
  if (!JsonParser(options).Parse(TypeInfoOf<T>(), &value, text, &error)) {
    return Status(StatusCode::kInvalidArgument,
                  "JSON, column " + std::to_string(error.column) + ": " + error.what);
  }
  return value;
}

}  // namespace millrace
