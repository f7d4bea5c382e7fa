// All of spdlog stays in this file, header only: a job links no further library.
#define FMT_HEADER_ONLY
#define SPDLOG_FMT_EXTERNAL
#include "millrace/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <charconv>
#include <memory>
#include <mutex>

#include "millrace/base/clock.h"
#include "millrace/base/running_step.h"
#include "src/base/log_limiter.h"

namespace millrace {
namespace {

spdlog::logger& Logger() {
  static spdlog::logger* logger = [] {  // never destroyed: threads may log while the process ends
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto* l = new spdlog::logger("millrace", std::move(sink));
    l->set_formatter(std::make_unique<spdlog::pattern_formatter>("%^%Y-%m-%dT%H:%M:%S.%eZ %l %v%$",
                                                                 spdlog::pattern_time_type::utc));
    l->set_level(spdlog::level::trace);
    l->flush_on(spdlog::level::trace);
    return l;
  }();
  return *logger;
}

spdlog::level::level_enum Level(LogLevel level) {
  switch (level) {
    case kDebug:
      return spdlog::level::debug;
    case kInfo:
      return spdlog::level::info;
    case kWarn:
      return spdlog::level::warn;
    case kError:
      break;
  }
  return spdlog::level::err;
}

template <class N>
void Append(std::string& out, N number) {
  char digits[64];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

}  // namespace

namespace internal {

void AppendNumber(std::string& out, long long number) {
  Append(out, number);
}
void AppendNumber(std::string& out, unsigned long long number) {
  Append(out, number);
}
void AppendNumber(std::string& out, float number) {
  Append(out, number);
}
void AppendNumber(std::string& out, double number) {
  Append(out, number);
}
void AppendNumber(std::string& out, long double number) {
  Append(out, number);
}

std::atomic<LogLevel> log_level{kInfo};
std::atomic<bool> terminal_line_open{false};

bool AdmitLog(const LogSite& site, std::uint64_t* held_back) {
  static std::mutex mutex;
  static auto* limiter = new LogLimiter;
  const std::lock_guard lock(mutex);
  return limiter->Admit({site.where.file_name(), site.where.line(), site.where.column()},
                        SystemClock::Get().NowNanos(), held_back);
}

void WriteLog(LogLevel level, std::string message, std::uint64_t held_back) {
  if (const RunningStep* step = running_step; step != nullptr) {
    message = "operator '" + std::string(step->op.load(std::memory_order_relaxed)) + "', subtask " +
              std::to_string(step->subtask) + ": " + message;
  }
  if (held_back > 0)
    message += " (" + std::to_string(held_back) + " lines before this one were held back)";
  if (terminal_line_open.exchange(false)) std::fputs("\r\033[K", stderr);
  Logger().log(Level(level), spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace internal

void SetLogLevel(LogLevel level) {
  internal::log_level.store(level, std::memory_order_relaxed);
}

}  // namespace millrace
