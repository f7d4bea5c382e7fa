#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "millrace/base/arena.h"
#include "millrace/io/batch.h"

namespace millrace {

/// The consumer's end of a channel whose batches come as bytes: decodes them into batches of its own. One thread's.
class BatchDecoder {
 public:
  BatchDecoder(const BatchType& type, std::uint32_t capacity, BatchColumns columns)
      : type_(type), capacity_(capacity), columns_(columns) {}
  ~BatchDecoder();
  BatchDecoder(const BatchDecoder&) = delete;
  BatchDecoder& operator=(const BatchDecoder&) = delete;

  /// Null when the bytes are no batch of this type. What it gives comes back through Return.
  Batch* Decode(std::string_view bytes, std::uint64_t sequence);
  void Return(Batch* batch);

 private:
  const BatchType& type_;
  const std::uint32_t capacity_;
  const BatchColumns columns_;
  Arena arena_;
  std::vector<Batch*> spare_;
};

}  // namespace millrace
