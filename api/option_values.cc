#include "api/option_values.h"

#include <charconv>
#include <string>

namespace millrace {

Result<std::int64_t> Number(std::string_view what, std::string_view text, std::int64_t low,
                            std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    return Status::InvalidArgument("option " + std::string(what) + ": '" + std::string(text) +
                                   "' is not a number from " + std::to_string(low) + " to " +
                                   std::to_string(high));
  }
  return value;
}

Result<double> Decimal(std::string_view what, std::string_view text, double low, double high) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= low && value <= high)
    return value;
  const auto plain = [](double v) {
    std::string number = std::to_string(v);
    number.erase(number.find_last_not_of('0') + 1);
    if (number.back() == '.') number.pop_back();
    return number;
  };
  return Status::InvalidArgument("option " + std::string(what) + ": '" + std::string(text) +
                                 "' is not a number from " + plain(low) + " to " + plain(high));
}

Result<std::int64_t> DurationNanos(std::string_view what, std::string_view text, bool may_be_zero) {
  static constexpr struct {
    std::string_view suffix;
    std::int64_t millis;
  } kUnits[] = {{"ms", 1}, {"min", 60000}, {"s", 1000}, {"h", 3600000}, {"d", 86400000}};
  constexpr std::int64_t kMostMillis = std::int64_t{10000} * 86400000;
  for (const auto& unit : kUnits) {
    if (!text.ends_with(unit.suffix)) continue;
    const std::string_view digits = text.substr(0, text.size() - unit.suffix.size());
    const auto n = Number(what, digits, may_be_zero ? 0 : 1, kMostMillis / unit.millis);
    if (!n.ok()) break;
    return n.value() * unit.millis * 1000000;
  }
  return Status::InvalidArgument("option " + std::string(what) + ": '" + std::string(text) +
                                 "' is not a length of time such as 500ms, 1s, 5min or 2h" +
                                 (may_be_zero ? "" : ", more than 0"));
}

Result<std::int64_t> Bytes(std::string_view what, std::string_view text, bool may_be_zero) {
  static constexpr struct {
    std::string_view suffix;
    std::int64_t factor;
  } kUnits[] = {{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
                {"K", 1 << 10},   {"M", 1 << 20},   {"G", 1 << 30}};
  std::int64_t factor = 1;
  std::string_view digits = text;
  for (const auto& unit : kUnits) {
    if (digits.ends_with(unit.suffix)) {
      digits.remove_suffix(unit.suffix.size());
      factor = unit.factor;
      break;
    }
  }
  const Result<std::int64_t> n = Number(what, digits, may_be_zero ? 0 : 1, INT64_MAX / factor);
  if (!n.ok()) {
    return Status::InvalidArgument("option " + std::string(what) + ": '" + std::string(text) +
                                   "' is not a size such as 512MiB or 2GiB");
  }
  return n.value() * factor;
}

Status OneOf(std::string_view key, std::string_view value, std::string_view values) {
  return Status::InvalidArgument("option -D " + std::string(key) + "=" + std::string(value) +
                                 ": the value is one of " + std::string(values));
}

}  // namespace millrace
