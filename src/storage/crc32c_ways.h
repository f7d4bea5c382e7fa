#pragma once

#include <cstddef>
#include <cstdint>

/// The ways of Crc32c, slowest first: what the register is behind `bytes` more bytes, which was `crc` before them.
namespace millrace::crc32c {

std::uint32_t ByTable(const unsigned char* at, std::size_t bytes, std::uint32_t crc);

#if defined(__x86_64__)

bool HasInstruction();
std::uint32_t ByInstruction(const unsigned char* at, std::size_t bytes, std::uint32_t crc);

/// By carry-less multiplication of 256 bits at a time; two to five times as fast as the instruction for what stands in the caches.
/// Source: Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction, Intel 2009.
bool CanFold();
std::uint32_t ByFolding(const unsigned char* at, std::size_t bytes, std::uint32_t crc);

#endif

}  // namespace millrace::crc32c
