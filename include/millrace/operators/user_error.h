#pragma once

#include <exception>
#include <string>

#include "millrace/io/print.h"

namespace millrace {

/// What a job fails with when user code throws: operator, step, the record printed, what was thrown.
class UserError : public std::exception {
 public:
  explicit UserError(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

namespace internal {

/// Rethrows the exception in flight with the step and the record; one that says them already passes as it is.
[[noreturn]] void RethrowAnnotated(const std::string& step, std::string record);

template <class T>
std::string DescribeRecord(const T& record) {
  if constexpr (kSerializable<T>) {
    return ToText(record);
  } else {
    return "(a record that can't be printed)";
  }
}

}  // namespace internal
}  // namespace millrace
