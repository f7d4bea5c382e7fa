#include "millrace/base/time.h"

#include <chrono>  // calendars
#include <cstdio>
#include <ostream>

namespace millrace {

std::string EventTime::ToString() const {
  if (*this == Min()) return "-inf";
  if (*this == Max()) return "+inf";
  constexpr std::int64_t kFarAway = 900000000000000;  // calendars end before the year 32768
  if (millis_ > kFarAway || millis_ < -kFarAway) return std::to_string(millis_) + " ms";
  const std::int64_t seconds = FloorDiv(millis_, 1000);
  const auto millis = static_cast<int>(millis_ - seconds * 1000);
  const std::int64_t days = FloorDiv(seconds, 86400);
  const auto of_day = static_cast<int>(seconds - days * 86400);
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<std::chrono::days::rep>(days)}}};
  char text[64];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), of_day / 3600, of_day / 60 % 60, of_day % 60,
                millis);
  return text;
}

std::ostream& operator<<(std::ostream& out, EventTime time) {
  return out << time.ToString();
}

}  // namespace millrace
