#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "millrace/base/arena.h"
#include "millrace/base/status.h"
#include "millrace/io/batch.h"
#include "millrace/io/bytes.h"
#include "millrace/io/channel.h"
#include "millrace/operators/snapshot.h"

namespace millrace {

/// Who may process the rows that wait in a channel when they are restored at another parallelism.
enum class InFlightOwner : std::uint8_t {
  kNone,   // nobody is known to: a barrier does not overtake in such channels
  kHash,   // the owner of the row's key
  kAny,    // any subtask
  kFirst,  // the first subtask
};

/// One of a task's input channels, as its in-flight elements need it.
struct InputChannelInfo {
  const BatchType* type = nullptr;
  BatchColumns columns;
  InFlightOwner owner = InFlightOwner::kNone;
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

/// What the newest snapshot of each chain has in flight: `visit(chain, element)`.
Status ForEachInFlight(const OperatorRestore& from,
                       const std::function<Status(std::size_t, const InFlightElement&)>& visit);

/// For whom in-flight elements are restored.
struct InFlightReader {
  std::uint32_t subtask = 0;
  std::uint32_t subtasks = 1;
  bool same_subtask = false;  // whose they were
};

/// The batches of restored in-flight elements. Whoever consumes one gives it back here, as to a channel.
class RestoredBatches final : public InputChannel {
 public:
  /// The element's rows that the reader owns; null when there are none. `chain`: the subtask whose they were. DATA_LOSS when the
  /// bytes are no batch of such a channel.
  Result<Batch*> Decode(const InFlightElement& element, const InputChannelInfo& info,
                        std::size_t chain, const InFlightReader& reader);

  bool Pop(Element*) override { return false; }
  bool HasInput() override { return false; }
  void Return(Batch* batch) override;

 private:
  Result<Batch*> DecodeAll(std::string_view bytes, const InputChannelInfo& info);
  Result<Batch*> DecodeOwn(std::string_view bytes, const InputChannelInfo& info,
                           const InFlightReader& reader);
  Arena arena_;
};

}  // namespace millrace
