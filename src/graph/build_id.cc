#include <elf.h>
#include <link.h>

#include <cstdio>
#include <cstring>

#include "millrace/graph/explain.h"

namespace millrace {
namespace {

int OnObject(dl_phdr_info* info, std::size_t, void* data) {
  auto* id = static_cast<std::string*>(data);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const char* at = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
    const char* end = at + header.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof(note));
      const char* name = at + sizeof(note);
      const char* desc = name + ((note.n_namesz + 3) & ~3u);
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
          std::memcmp(name, "GNU", 4) == 0) {
        for (std::uint32_t b = 0; b < note.n_descsz; ++b) {
          char hex[4];
          std::snprintf(hex, sizeof(hex), "%02x", static_cast<unsigned char>(desc[b]));
          *id += hex;
        }
        return 1;
      }
      at = desc + ((note.n_descsz + 3) & ~3u);
    }
  }
  return 1;  // the first object is the executable
}

}  // namespace

std::string BuildId() {
  std::string id;
  dl_iterate_phdr(&OnObject, &id);
  return id;
}

}  // namespace millrace
