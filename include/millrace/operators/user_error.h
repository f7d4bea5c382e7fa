#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

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

/// The base of what our own connectors throw: a message that is a sentence in itself (what was tried, on what, and why it
/// failed), so that the type's name is not put before it.
class ConnectorError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace internal {

/// "std::runtime_error: what() says"; the message alone where it is a sentence of ours. Of the exception in flight.
std::string DescribeException();

/// What `call` throws; null when it returns.
template <class Call>
std::exception_ptr Caught(Call call) {
  try {
    call();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

/// Rethrows the exception in flight as a UserError that ends in " in step 'STEP', DETAIL"; one that says its place already,
/// and one that is no mistake of user code (MemoryExceeded), pass as they are.
[[noreturn]] void RethrowAt(const std::string& step, std::string detail);
/// The same with the record at hand.
[[noreturn]] void RethrowAnnotated(const std::string& step, std::string record);
/// The same of a function that took the record by value: its texts went into the function and are gone.
[[noreturn]] void RethrowTaken(const std::string& step, std::string rest);
/// The same outside of records: " in WHERE", e.g. "Open of 'sessions'".
[[noreturn]] void RethrowIn(const std::string& where);
/// Of a sink's writer outside of records.
[[noreturn]] void RethrowInSink(const std::string& sink);
/// Of a source's reader, or of OpenSplit.
[[noreturn]] void RethrowInReader(const std::string& split);
[[noreturn]] void RethrowInOpenSplit(const std::string& split);
[[noreturn]] void ThrowSplitNotReadBack();

/// Of a function that emits when its outputs have ended: nobody would read it.
[[noreturn]] void ThrowEmittedInClose();

/// A record, key or position as text.
template <class T>
[[gnu::noinline, gnu::cold]] std::string DescribeRecord(const T& record) {
  if constexpr (kSerializable<T>) {
    return ToText(record);
  } else {
    return "(a record that can't be printed)";
  }
}

/// A plain record goes to its description by copy: what a handler has the address of can't stay in registers in the loop
/// around it.
template <class T>
using Described =
    std::conditional_t<std::is_trivially_copyable_v<T> && sizeof(T) <= 128, T, const T&>;

/// RethrowAnnotated with the record described: one call and nothing else, for handlers within a loop.
template <class T>
[[noreturn, gnu::noinline, gnu::cold]] void RethrowWith(std::string_view step,
                                                        Described<T> record) {
  RethrowAnnotated(std::string(step), DescribeRecord<T>(record));
}
/// RethrowTaken in the same way.
template <class T>
[[noreturn, gnu::noinline, gnu::cold]] void RethrowWithRest(std::string_view step,
                                                            const T& record) {
  RethrowTaken(std::string(step), DescribeRecord<T>(record));
}

}  // namespace internal
}  // namespace millrace
