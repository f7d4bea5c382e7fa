#pragma once

#include <cstdint>
#include <string_view>

#include "millrace/base/status.h"

namespace millrace {

/// A key of `-D`, as --help shows it.
struct OptionKey {
  std::string_view name;
  std::string_view values;
  std::string_view help;
};

// Values of options. The errors are INVALID_ARGUMENT and name the option, `what`.
Result<std::int64_t> Number(std::string_view what, std::string_view text, std::int64_t low,
                            std::int64_t high);
/// "1.5", in [low, high].
Result<double> Decimal(std::string_view what, std::string_view text, double low, double high);
/// "500ms", "1s", "5min", "2h", in nanoseconds; at least 1 ms, at most 10,000 days. Zero only where it is allowed.
Result<std::int64_t> DurationNanos(std::string_view what, std::string_view text, bool may_be_zero);
/// "512", "16KiB", "512MiB", "2GiB". Zero only where it is allowed.
Result<std::int64_t> Bytes(std::string_view what, std::string_view text, bool may_be_zero);
Status OneOf(std::string_view key, std::string_view value, std::string_view values);

}  // namespace millrace
