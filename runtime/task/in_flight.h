#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "millrace/base/arena.h"
#include "millrace/base/status.h"
#include "millrace/io/batch.h"
#include "millrace/io/bytes.h"
#include "millrace/io/channel.h"

namespace millrace {

/// One of a task's input channels, as its in-flight elements need it.
struct InputChannelInfo {
  const BatchType* type = nullptr;
  BatchColumns columns;
  /// Rows that wait in it may be processed by another subtask after a restore: by the owner of their hash, where there are
  /// hashes, else by any. A barrier never overtakes in other channels.
  bool redistributable = false;
};

/// An element that a barrier has overtaken, as a block of its checkpoint: docs/formats/in_flight.md.
struct InFlightElement {
  std::uint32_t channel = 0;   // of the task's inputs
  std::uint32_t channels = 0;  // how many it had
  std::uint32_t port = 0;
  Element::Kind kind = Element::Kind::kNone;
  std::int64_t value = 0;
  std::string_view batch;  // encoded

  /// `first`: the first row of the element's batch that was not processed.
  static ByteWriter Encode(std::uint32_t channel, std::uint32_t channels, std::uint32_t port,
                           const Element& element, std::uint32_t first);
  static Result<InFlightElement> Decode(std::string_view bytes);
};

/// The batches of restored in-flight elements. Whoever consumes one gives it back here, as to a channel.
class RestoredBatches final : public InputChannel {
 public:
  /// `subtasks` > 0: only the rows that subtask `subtask` of so many owns by their hash; null when there are none.
  /// DATA_LOSS when the bytes are no batch of this channel.
  Result<Batch*> Decode(std::string_view bytes, const InputChannelInfo& info, std::uint32_t subtask,
                        std::uint32_t subtasks);

  bool Pop(Element*) override { return false; }
  bool HasInput() override { return false; }
  void Return(Batch* batch) override;

 private:
  Result<Batch*> DecodeAll(std::string_view bytes, const InputChannelInfo& info);
  Arena arena_;
};

}  // namespace millrace
