#pragma once

#include <atomic>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millrace {

/// How much a log line matters; `-D log.level` says from which level on lines are shown.
enum LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };

namespace internal {

extern std::atomic<LogLevel> log_level;

/// A call of Log: its level, and where it stands.
struct LogSite {
  LogSite(LogLevel l,
          std::source_location w = std::source_location::current())  // NOLINT: implicit on purpose
      : level(l), where(w) {}
  LogLevel level;
  std::source_location where;
};

/// False when the site has said enough in this second; `*held_back` is how often that was so since it last spoke.
bool AdmitLog(const LogSite& site, std::uint64_t* held_back);
void WriteLog(LogLevel level, std::string message, std::uint64_t held_back);
/// Set while a line on the terminal stands open (progress): a log line wipes it first.
extern std::atomic<bool> terminal_line_open;

/// In the shortest form that reads back as the same. (Not here: <charconv> costs each job 30 ms to compile.)
void AppendNumber(std::string& out, long long number);
void AppendNumber(std::string& out, unsigned long long number);
void AppendNumber(std::string& out, float number);
void AppendNumber(std::string& out, double number);
void AppendNumber(std::string& out, long double number);

template <class T>
void AppendLogPart(std::string& out, const T& part) {
  if constexpr (std::is_same_v<T, bool>) {
    out += part ? "true" : "false";
  } else if constexpr (std::is_same_v<T, char>) {
    out += part;
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    out += std::string_view(part);
  } else if constexpr (std::is_arithmetic_v<T>) {
    if constexpr (std::is_floating_point_v<T>) {
      AppendNumber(out, part);
    } else if constexpr (std::is_signed_v<T>) {
      AppendNumber(out, static_cast<long long>(part));
    } else {
      AppendNumber(out, static_cast<unsigned long long>(part));
    }
  } else {
    constexpr bool kPrintable = requires { out += part.ToString(); };
    static_assert(
        kPrintable,
        "millrace: Log takes text, numbers and what has ToString(); a record as ToText(record)");
    if constexpr (kPrintable) out += part.ToString();
  }
}

}  // namespace internal

/// Says something on stderr, for the engine and for user functions. Inside a task the line names the operator and the
/// subtask. A call site that says more than ten lines in a second is held back, and its next line tells how many were.
/// `-D log.level` says what is shown; default info. Any thread.
///
///   .Filter([](const Reading& r) {
///     if (r.value < 0) millrace::Log(millrace::kWarn, "sensor ", r.sensor, " says ", r.value);
///     return r.value >= 0;
///   })
template <class... Parts>
void Log(internal::LogSite site, const Parts&... parts) {
  if (site.level < internal::log_level.load(std::memory_order_relaxed)) return;
  std::uint64_t held_back = 0;
  if (!internal::AdmitLog(site, &held_back)) return;
  std::string message;
  (internal::AppendLogPart(message, parts), ...);
  internal::WriteLog(site.level, std::move(message), held_back);
}

/// Lines below this level are not shown. Of the whole process.
void SetLogLevel(LogLevel level);

}  // namespace millrace
