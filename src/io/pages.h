#pragma once

#include <cstddef>

namespace millrace {

constexpr std::size_t kHugePage = 2U << 20;

/// `bytes` of fresh memory of zeros at an address that is a multiple of `alignment` (one of kHugePage); given back with
/// `munmap(begin, bytes)`. Null: the system has none.
char* MapPages(std::size_t bytes, std::size_t alignment);
/// The same, best in huge pages.
char* MapHugePages(std::size_t bytes, std::size_t alignment = kHugePage);

/// Has the kernel give these pages now, all at once: cheaper than one fault each, and nobody waits for them later. Advice: a
/// kernel before Linux 5.14 gives them when they are touched.
void PopulatePages(char* begin, std::size_t bytes);

}  // namespace millrace
