#pragma once

#include <string>

#include "millrace/io/type_info.h"

namespace millrace {

/// Appends a value as text for people: `{id: "a", temperature: 21.5}`, `[1, 2]`, `("a", 1)`, `{"k": 1}`,
/// null for an empty optional. Text, at the top, stands without quotes; times are ISO 8601 in UTC,
/// durations have their unit (`250ms`), floating-point numbers are the shortest text that reads back the same.
void AppendText(const TypeInfo& type, const void* object, std::string& out);

template <class T>
void AppendText(const T& value, std::string& out) {
  AppendText(TypeInfoOf<T>(), &value, out);
}

/// The same as a string of its own.
template <class T>
std::string ToText(const T& value) {
  std::string out;
  AppendText(TypeInfoOf<T>(), &value, out);
  return out;
}

}  // namespace millrace
