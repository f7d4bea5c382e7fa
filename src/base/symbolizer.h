#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

/// Code that is loaded into a process: the executable (path "") or a shared library.
struct LoadedModule {
  std::string path;
  std::uintptr_t bias = 0;   // address in memory minus address in the file
  std::uintptr_t begin = 0;  // of its code
  std::uintptr_t end = 0;
};
std::vector<LoadedModule> LoadedModules();

/// Names a code address of this process: "function at file.cc:12", inlined functions first, one line each; the bare
/// address when nothing is known. Files and lines need -g1 and libbacktrace (part of gcc's package). Not
/// async-signal-safe.
std::vector<std::string> Symbolize(std::uintptr_t address);
/// Of another process of the same executable whose modules were `theirs`.
std::vector<std::string> SymbolizeOther(std::uintptr_t address,
                                        const std::vector<LoadedModule>& theirs);

}  // namespace millrace
