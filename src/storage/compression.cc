#include "millrace/storage/compression.h"

#include <zstd.h>

#include <memory>
#include <new>

namespace millrace {
namespace {

constexpr int kLevel = 1;  // from 13 on, zstd 1.5.4 may write what it can't read

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// One a thread: making it costs more than a small block.
ZSTD_CCtx* Packer() {
  static thread_local std::unique_ptr<ZSTD_CCtx, FreeContext> context;
  if (context == nullptr) {
    context.reset(ZSTD_createCCtx());
    if (context == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  }
  return context.get();
}
ZSTD_DCtx* Unpacker() {
  static thread_local std::unique_ptr<ZSTD_DCtx, FreeContext> context;
  if (context == nullptr) context.reset(ZSTD_createDCtx());
  if (context == nullptr) throw std::bad_alloc();
  return context.get();
}

}  // namespace

bool PackZstd(std::string_view bytes, std::string* packed) {
  packed->resize(bytes.size());
  const std::size_t size =
      ZSTD_compress2(Packer(), packed->data(), packed->size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0 || size >= bytes.size()) return false;  // no room: not smaller
  packed->resize(size);
  return true;
}

bool UnpackZstd(std::string_view packed, std::size_t most, std::string* bytes) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > most)
    return false;
  bytes->resize(static_cast<std::size_t>(size));
  return ZSTD_decompressDCtx(Unpacker(), bytes->data(), bytes->size(), packed.data(),
                             packed.size()) == size;
}

}  // namespace millrace
