#include "millrace/operators/window/panes_owed.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "millrace/operators/snapshot.h"

namespace millrace {

ByteWriter& PaneBlocks::Next(std::int64_t start) {
  constexpr std::size_t kBlockBytes = 256 * 1024;
  if (count_ == 0 || start != start_ || block_.size() >= kBlockBytes) {
    Flush();
    start_ = start;
    block_ = ByteWriter();
    block_.Put(start_);
    block_.Put(count_);
  }
  ++count_;
  return block_;
}

void PaneBlocks::Flush() {
  if (count_ == 0) return;
  block_.PatchAt(sizeof(start_), count_);
  to_->Put(SnapshotBlock::kPane, std::move(block_));
  count_ = 0;
}

struct PanesOwed::State {
  struct Part {
    std::int64_t start;       // of the pane
    std::uint32_t next, end;  // entries
  };
  struct Open {
    PaneBlocks blocks;
    std::deque<Part> parts;
  };
  /// Takes from one part, which goes when nothing is left of it.
  static Run Take(Open* open, std::deque<Part>::iterator part, std::uint32_t max) {
    const std::uint32_t begin = part->next;
    part->next += std::min(max, part->end - begin);
    const Run run{part->start, begin, part->next, &open->blocks};
    if (part->next == part->end) open->parts.erase(part);
    return run;
  }
  std::deque<Open> open;  // oldest first
};

PanesOwed::PanesOwed() = default;
PanesOwed::~PanesOwed() = default;

void PanesOwed::Begin(OperatorSnapshot* to) {
  if (state_ == nullptr) state_ = std::make_unique<State>();
  state_->open.push_back({PaneBlocks(to), {}});
}

void PanesOwed::Owe(std::int64_t start, std::uint32_t entries) {
  if (entries > 0) state_->open.back().parts.push_back({start, 0, entries});
}

PanesOwed::Run PanesOwed::TakeOldest(std::uint32_t max) {
  if (state_ == nullptr || state_->open.empty()) return {};
  State::Open& open = state_->open.front();
  if (!open.parts.empty()) return State::Take(&open, open.parts.begin(), max);
  open.blocks.Flush();
  state_->open.pop_front();
  return {};
}

PanesOwed::Run PanesOwed::TakeOf(std::int64_t start, std::uint32_t max) {
  if (state_ == nullptr) return {};
  for (State::Open& open : state_->open) {
    const auto part = std::find_if(open.parts.begin(), open.parts.end(),
                                   [&](const State::Part& p) { return p.start == start; });
    if (part != open.parts.end()) return State::Take(&open, part, max);
  }
  return {};
}

}  // namespace millrace
