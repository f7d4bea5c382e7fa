#include "millrace/operators/user_error.h"

#include <cxxabi.h>

#include <cstdlib>
#include <typeinfo>

#include "millrace/base/memory.h"
#include "millrace/io/key.h"

namespace millrace::internal {
namespace {

std::string TypeName(const std::type_info* type) {
  if (type == nullptr) return "unknown type";
  int status = 0;
  char* name = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  std::string text = status == 0 && name != nullptr ? name : type->name();
  std::free(name);
  return text;
}

[[noreturn]] void Rethrow(const std::string& where) {
  try {
    throw;
  } catch (const UserError&) {
    throw;
  } catch (const MemoryExceeded&) {
    throw;
  } catch (...) {
    throw UserError(DescribeException() + where);
  }
}

}  // namespace

std::string DescribeException() {
  try {
    throw;
  } catch (const UserError& e) {
    return e.what();
  } catch (const MemoryExceeded& e) {
    return e.what();
  } catch (const ConnectorError& e) {
    return e.what();
  } catch (const BadKey& e) {
    return e.what();
  } catch (const std::exception& e) {
    return TypeName(abi::__cxa_current_exception_type()) + ": " + e.what();
  } catch (...) {
    return TypeName(abi::__cxa_current_exception_type()) + " (not a std::exception)";
  }
}

void RethrowAt(const std::string& step, std::string detail) {
  constexpr std::size_t kMaxDetail = 1000;
  if (detail.size() > kMaxDetail) {
    detail.resize(kMaxDetail);
    detail += "...";
  }
  Rethrow(" in step '" + step + "', " + detail);
}

void RethrowAnnotated(const std::string& step, std::string record) {
  RethrowAt(step, "record " + std::move(record));
}

void RethrowTaken(const std::string& step, std::string rest) {
  RethrowAt(step, "what is left of the record that it took by value: " + std::move(rest));
}

void RethrowIn(const std::string& where) {
  Rethrow(" in " + where);
}

void RethrowInSink(const std::string& sink) {
  Rethrow(" in sink '" + sink + "'");
}

void RethrowInReader(const std::string& split) {
  try {
    throw;
  } catch (const ConnectorError& e) {
    throw UserError(e.what());  // says which file, which line
  } catch (...) {
    Rethrow(" in the source's reader" + (split.empty() ? "" : ", split " + split));
  }
}

void RethrowInOpenSplit(const std::string& split) {
  try {
    throw;
  } catch (const ConnectorError& e) {
    throw UserError(e.what());
  } catch (...) {
    Rethrow(" in the source's OpenSplit, split " + split);
  }
}

void ThrowSplitNotReadBack() {
  throw UserError(
      "a split of the source does not decode: its RecordCodec does not read what it has written");
}

void ThrowEmittedInClose() {
  throw std::logic_error(
      "a record was emitted to a side output in Close, when the outputs have ended; emit it in a "
      "timer at EventTime::Max(), which fires at the end of input");
}

}  // namespace millrace::internal
