// Any bytes as JSON of a type with a field of every kind: refused with a column inside them, or read to a value whose own
// JSON reads back as the same JSON.
#include <cstdlib>

#include "millrace/io/json.h"
#include "tests/io/samples.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using millrace::testing::Everything;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const millrace::JsonOptions loose{.ignore_unknown_fields = true, .allow_missing_fields = true};
  const millrace::TypeInfo& type = millrace::TypeInfoOf<Everything>();
  for (const millrace::JsonOptions& options : {millrace::JsonOptions{}, loose}) {
    millrace::TextError error;
    Everything value;
    if (!millrace::JsonParser(options).Parse(type, &value, text, &error)) {
      if (error.column < 1 || error.column > size + 1 || error.what.empty()) std::abort();
      continue;
    }
    value.by_id.clear();  // its order is not kept
    const std::string again = millrace::ToJson(value);
    const auto back = millrace::FromJson<Everything>(again);
    if (!back.ok() || millrace::ToJson(back.value()) != again) std::abort();
  }
  return 0;
}
