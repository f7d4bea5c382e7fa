#include "src/base/symbolizer.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

// libbacktrace as gcc ships it (https://github.com/ianlancetaylor/libbacktrace, backtrace.h). Weak: where a job is linked
// without it, names come from the dynamic symbols alone.
extern "C" {
struct backtrace_state;
using BacktraceError = void (*)(void* data, const char* message, int error);
using BacktraceFull = int (*)(void* data, std::uintptr_t pc, const char* file, int line,
                              const char* function);
using BacktraceSymbol = void (*)(void* data, std::uintptr_t pc, const char* name,
                                 std::uintptr_t value, std::uintptr_t size);
[[gnu::weak]] backtrace_state* backtrace_create_state(const char* file, int threaded,
                                                      BacktraceError, void* data);
[[gnu::weak]] int backtrace_pcinfo(backtrace_state*, std::uintptr_t pc, BacktraceFull,
                                   BacktraceError, void* data);
[[gnu::weak]] int backtrace_syminfo(backtrace_state*, std::uintptr_t pc, BacktraceSymbol,
                                    BacktraceError, void* data);
}

namespace millrace {
namespace {

constexpr std::size_t kMaxName = 240;  // types of pipelines are long

int OnModule(dl_phdr_info* info, std::size_t, void* data) {
  LoadedModule module;
  module.path = info->dlpi_name;
  module.bias = info->dlpi_addr;
  module.begin = UINTPTR_MAX;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    module.begin = std::min(module.begin, begin);
    module.end = std::max(module.end, begin + header.p_memsz);
  }
  if (module.end != 0) static_cast<std::vector<LoadedModule>*>(data)->push_back(std::move(module));
  return 0;
}

void Ignore(void*, const char*, int) {}

std::string Demangled(const char* name) {
  int status = 0;
  char* plain = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string text = status == 0 && plain != nullptr ? plain : name;
  std::free(plain);
  if (text.size() > kMaxName) {
    text.resize(kMaxName);
    text += "...";
  }
  return text;
}

backtrace_state* State() {
  static backtrace_state* state = &backtrace_create_state == nullptr
                                      ? nullptr
                                      : backtrace_create_state(nullptr, 1, &Ignore, nullptr);
  return state;
}

void OnSymbol(void* data, std::uintptr_t, const char* name, std::uintptr_t, std::uintptr_t) {
  if (name != nullptr) static_cast<std::vector<std::string>*>(data)->push_back(Demangled(name));
}

int OnFrame(void* data, std::uintptr_t pc, const char* file, int line, const char* function) {
  if (file == nullptr && function == nullptr) return 0;
  std::vector<std::string> symbol;  // where the debug information lacks the name (-g1 of clang)
  if (function == nullptr) backtrace_syminfo(State(), pc, &OnSymbol, &Ignore, &symbol);
  std::string text = function != nullptr ? Demangled(function)
                     : symbol.empty()    ? "?"
                                         : symbol.front();
  if (file != nullptr) text += " at " + std::string(file) + ":" + std::to_string(line);
  static_cast<std::vector<std::string>*>(data)->push_back(std::move(text));
  return 0;
}

std::string Address(std::uintptr_t address) {
  char text[32];
  std::snprintf(text, sizeof(text), "0x%zx", static_cast<std::size_t>(address));
  return text;
}

}  // namespace

std::vector<LoadedModule> LoadedModules() {
  std::vector<LoadedModule> modules;
  dl_iterate_phdr(&OnModule, &modules);
  return modules;
}

std::vector<std::string> Symbolize(std::uintptr_t address) {
  std::vector<std::string> lines;
  if (State() != nullptr) {
    backtrace_pcinfo(State(), address, &OnFrame, &Ignore, &lines);
    if (lines.empty()) backtrace_syminfo(State(), address, &OnSymbol, &Ignore, &lines);
  }
  Dl_info info{};
  if (lines.empty() && dladdr(reinterpret_cast<void*>(address), &info) != 0) {
    if (info.dli_sname != nullptr) {
      lines.push_back(Demangled(info.dli_sname));
    } else if (info.dli_fname != nullptr) {
      lines.push_back(std::string(info.dli_fname) + "+" +
                      Address(address - reinterpret_cast<std::uintptr_t>(info.dli_fbase)));
    }
  }
  if (lines.empty()) lines.push_back(Address(address));
  return lines;
}

std::vector<std::string> SymbolizeOther(std::uintptr_t address,
                                        const std::vector<LoadedModule>& theirs) {
  static const std::vector<LoadedModule> ours = LoadedModules();
  for (const LoadedModule& t : theirs) {
    if (address < t.begin || address >= t.end) continue;
    for (const LoadedModule& o : ours) {
      if (o.path == t.path) return Symbolize(address - t.bias + o.bias);
    }
    return {(t.path.empty() ? "?" : t.path) + "+" + Address(address - t.bias)};
  }
  return {Address(address)};
}

}  // namespace millrace
