#include "millrace/operators/user_error.h"

#include <cxxabi.h>

#include <cstdlib>
#include <typeinfo>

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

}  // namespace

void RethrowAnnotated(const std::string& step, std::string record) {
  constexpr std::size_t kMaxRecord = 1000;
  if (record.size() > kMaxRecord) {
    record.resize(kMaxRecord);
    record += "...";
  }
  const std::string where = " in step '" + step + "', record " + record;
  try {
    throw;
  } catch (const UserError&) {
    throw;
  } catch (const std::exception& e) {
    throw UserError(TypeName(abi::__cxa_current_exception_type()) + ": " + e.what() + where);
  } catch (...) {
    throw UserError(TypeName(abi::__cxa_current_exception_type()) + " (not a std::exception)" +
                    where);
  }
}

}  // namespace millrace::internal
