#include "millrace/api/prototypes.h"

namespace millrace::internal {

const BatchType* Prototype::OutputType(int output) const {
  if (output == 0 && main_ != nullptr) return main_;
  return SideOutputType(output);
}

const BatchType* Prototype::SideOutputType(int) const {
  return nullptr;
}

std::unique_ptr<SplitEnumerator> Prototype::CreateEnumerator(int) const {
  return nullptr;
}

}  // namespace millrace::internal
