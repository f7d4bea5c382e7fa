#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "millrace/base/check.h"

namespace millrace {

/// gRPC's canonical codes (https://grpc.io/docs/guides/status-codes), so that a status survives the wire.
enum class StatusCode : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

/// Name of a code as gRPC prints it, e.g. "INVALID_ARGUMENT".
std::string_view StatusCodeName(StatusCode code);

/// The outcome of something that may be expected to fail. The message says what was tried, on what,
/// and why it failed: `Status::NotFound("read input file '/tmp/x.csv': no such file")`.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Ok() { return {}; }
  static Status InvalidArgument(std::string m) {
    return {StatusCode::kInvalidArgument, std::move(m)};
  }
  static Status NotFound(std::string m) { return {StatusCode::kNotFound, std::move(m)}; }
  static Status AlreadyExists(std::string m) { return {StatusCode::kAlreadyExists, std::move(m)}; }
  static Status ResourceExhausted(std::string m) {
    return {StatusCode::kResourceExhausted, std::move(m)};
  }
  static Status FailedPrecondition(std::string m) {
    return {StatusCode::kFailedPrecondition, std::move(m)};
  }
  static Status Unavailable(std::string m) { return {StatusCode::kUnavailable, std::move(m)}; }
  static Status Cancelled(std::string m) { return {StatusCode::kCancelled, std::move(m)}; }
  static Status DataLoss(std::string m) { return {StatusCode::kDataLoss, std::move(m)}; }
  static Status Internal(std::string m) { return {StatusCode::kInternal, std::move(m)}; }
  static Status Unimplemented(std::string m) { return {StatusCode::kUnimplemented, std::move(m)}; }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }
  /// "OK" or "NOT_FOUND: message".
  std::string ToString() const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

/// As ToString: for tests and logs.
std::ostream& operator<<(std::ostream& out, const Status& status);

/// A value or the reason why there is none. `value()` on an error is a broken invariant (aborts).
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT: implicit on purpose
  Result(Status status) : status_(std::move(status)) {  // NOLINT: implicit on purpose
    MILLRACE_CHECK(!status_.ok(), "a Result made from a Status needs an error");
  }

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() & {
    MILLRACE_CHECK(ok(), status_.message().c_str());
    return *value_;
  }
  const T& value() const& {
    MILLRACE_CHECK(ok(), status_.message().c_str());
    return *value_;
  }
  T&& value() && {
    MILLRACE_CHECK(ok(), status_.message().c_str());
    return *std::move(value_);
  }

 private:
  Status status_;
  std::optional<T> value_;
};

}  // namespace millrace

/// Leaves the enclosing function with the status if `expr` is not OK.
#define MILLRACE_RETURN_IF_ERROR(expr)                                        \
  do {                                                                        \
    if (::millrace::Status millrace_status_ = (expr); !millrace_status_.ok()) \
      return millrace_status_;                                                \
  } while (false)
