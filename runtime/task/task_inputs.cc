#include "runtime/task/task_inputs.h"

#include <algorithm>
#include <utility>

#include "src/base/plant.h"

namespace millrace {

TaskInputs::~TaskInputs() {
  // A job that fails or is cancelled stops in the middle.
  for (const Ahead& ahead : ahead_) {
    if (ahead.element.batch != nullptr) DeleteBatch(ahead.element.batch);
  }
}

bool TaskInputs::Pop(const Input& input, Element* element) {
  if (!input.channel->Pop(element)) return false;
  Batch* const batch = element->batch;
  if (batch == nullptr || !batch->hashes_owed) return true;
  try {
    hash_keys_(input.port, *batch);
  } catch (...) {  // a key function that threw here, and not for the producer
    input.channel->Return(batch);
    throw;
  }
  batch->hashes_owed = false;
  return true;
}

bool TaskInputs::Pull(const BarrierAligner& aligner, std::size_t* channel, Element* element) {
  if (!ahead_.empty()) [[unlikely]] {
    *channel = at_hand_ = ahead_.front().channel;
    *element = ahead_.front().element;
    owner_ = ahead_.front().owner;
    ahead_.pop_front();
    return true;
  }
  for (std::size_t tried = 0; tried < inputs_.size(); ++tried) {
    const std::size_t i = next_;
    next_ = i + 1 == inputs_.size() ? 0 : i + 1;
    // What comes before a barrier that was overtaken, and the barrier itself, is for Drain.
    if (aligner.blocked(i) || inputs_[i].recorded || !Pop(inputs_[i], element)) continue;
    *channel = at_hand_ = i;
    owner_ = inputs_[i].channel;
    return true;
  }
  return false;
}

std::int64_t TaskInputs::Announced() const {
  std::int64_t newest = 0;
  for (const Input& input : inputs_) newest = std::max(newest, input.channel->announced());
  return newest;
}

void TaskInputs::BeginRecording(std::int64_t checkpoint, const BarrierAligner& aligner,
                                const Batch* at_hand, std::uint32_t row, Record record) {
  recording_ = checkpoint;
  record_ = std::move(record);
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    inputs_[i].recorded = !aligner.Delivered(i, checkpoint);
  if (at_hand != nullptr && row < at_hand->size) {
    const Element rest{Element::Kind::kBatch, const_cast<Batch*>(at_hand), 0};
    RecordOne(at_hand_, rest, row);
  }
  for (const Ahead& ahead : ahead_) {
    Input& input = inputs_[ahead.channel];
    if (!input.recorded) continue;
    switch (ahead.element.kind) {
      case Element::Kind::kBarrier:  // of a checkpoint after the one that was recorded before
        input.recorded = ahead.element.value < checkpoint;
        break;
      case Element::Kind::kEnd:  // is said again after a restore
        input.recorded = false;
        break;
      default:
        RecordOne(ahead.channel, ahead.element, 0);
    }
  }
}

void TaskInputs::RecordOne(std::size_t channel, const Element& element, std::uint32_t first) {
  record_(InFlightElement::Encode(
      static_cast<std::uint32_t>(channel), static_cast<std::uint32_t>(inputs_.size()),
      static_cast<std::uint32_t>(inputs_[channel].port), element, first));
}

void TaskInputs::Drain(std::size_t channel) {
  Input& input = inputs_[channel];
  Element element;
  while (input.recorded && Pop(input, &element)) {
    switch (element.kind) {
      case Element::Kind::kBarrier:
        if (element.value < recording_) break;  // was given up
        input.recorded = false;
        // A newer one says that this checkpoint was given up.
        if (element.value > recording_) ahead_.push_back({channel, element, nullptr});
        break;
      case Element::Kind::kEnd:
        input.recorded = false;
        ahead_.push_back({channel, element, nullptr});
        break;
      case Element::Kind::kBatch:
      case Element::Kind::kWatermark:
      case Element::Kind::kIdle:
        RecordOne(channel, element, 0);
        if (MILLRACE_PLANT(5)) RecordOne(channel, element, 0);
        ahead_.push_back({channel, element, input.channel});
        break;
      case Element::Kind::kNone:
        break;
    }
  }
}

bool TaskInputs::GoOnRecording() {
  bool whole = true;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].recorded) Drain(i);
    whole &= !inputs_[i].recorded;
  }
  if (whole) StopRecording();
  return whole;
}

void TaskInputs::StopRecording() {
  recording_ = 0;
  record_ = nullptr;
  for (Input& input : inputs_) input.recorded = false;
}

Status TaskInputs::Restore(const OperatorRestore& from, std::uint32_t subtask,
                           std::uint32_t subtasks, RestoredBatches* batches) {
  const InFlightReader reader{subtask, subtasks, from.same_subtask()};
  return ForEachInFlight(from, [&](std::size_t chain, const InFlightElement& element) {
    return RestoreOne(chain, element, reader, batches);
  });
}

Status TaskInputs::RestoreOne(std::size_t chain, const InFlightElement& e,
                              const InFlightReader& reader, RestoredBatches* batches) {
  std::size_t channel = e.channel;
  if (!reader.same_subtask || e.channels != inputs_.size()) {
    // Whose watermark it was is not to be said any more: sources say theirs again.
    if (e.kind != Element::Kind::kBatch || inputs_.empty()) return Status::Ok();
    const auto found = std::find_if(inputs_.begin(), inputs_.end(), [&](const Input& input) {
      return input.port == static_cast<int>(e.port);
    });
    if (found == inputs_.end())
      return Status::FailedPrecondition(
          "restore in-flight records: the operator has no input for them any more");
    channel = static_cast<std::size_t>(found - inputs_.begin());
  }
  if (e.kind != Element::Kind::kBatch) {
    ahead_.push_back({channel, {e.kind, nullptr, e.value}, nullptr});
    return Status::Ok();
  }
  auto batch = batches->Decode(e, inputs_[channel].info, chain, reader);
  if (!batch.ok()) return batch.status();
  if (batch.value() != nullptr)
    ahead_.push_back({channel, {Element::Kind::kBatch, batch.value(), e.value}, batches});
  return Status::Ok();
}

}  // namespace millrace
