#include "src/io/pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace millrace {

char* MapPages(std::size_t bytes, std::size_t alignment) {
  void* const mapped = mmap(nullptr, bytes + alignment, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char* const begin = static_cast<char*>(mapped);
  const std::size_t before =
      (alignment - reinterpret_cast<std::uintptr_t>(begin) % alignment) % alignment;
  if (before > 0) munmap(begin, before);
  if (before < alignment) munmap(begin + before + bytes, alignment - before);
  return begin + before;
}

char* MapHugePages(std::size_t bytes, std::size_t alignment) {
  char* const begin = MapPages(bytes, alignment);
  // Advice: without it all is well, and slower.
  if (begin != nullptr) madvise(begin, bytes, MADV_HUGEPAGE);
  return begin;
}

void PopulatePages([[maybe_unused]] char* begin, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_POPULATE_WRITE
  madvise(begin, bytes, MADV_POPULATE_WRITE);
#endif
}

}  // namespace millrace
