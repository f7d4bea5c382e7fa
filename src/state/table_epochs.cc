#include "src/state/table_epochs.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "millrace/base/check.h"
#include "src/base/plant.h"
#include "src/state/rows_under_way.h"

namespace millrace {
namespace {

// A bit for each slot of a group whose flag is `flag`.
std::uint32_t SlotsWithFlag(const std::uint8_t* header, std::uint8_t flag) {
  const __m128i flags =
      _mm_load_si128(reinterpret_cast<const __m128i*>(header + StateTable::kGroupSlots));
  const __m128i wanted = _mm_set1_epi8(static_cast<char>(flag));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(flags, wanted)));
}

std::uint8_t NextEpoch(std::uint8_t epoch) {
  return epoch == 3 ? std::uint8_t{1} : static_cast<std::uint8_t>(epoch + 1);
}

}  // namespace

void StateTable::Epochs::OnMoved(std::uint32_t sub) {
  if (open[0].cursor.sub == sub) open[0].cursor.slot = 0;
}

void StateTable::Epochs::OnSplit(std::size_t count) {
  const Sub before = subs[0];
  subs.assign(count, before);
  for (Sub& sub : subs) sub.delta_rows = before.delta_rows / count;
  open[0].cursor = {};
}

void StateTable::Epochs::OnCleared() {
  lost = true;
  erased.Clear();
  erased_count = 0;
  std::fill(subs.begin(), subs.end(), Sub{});
}

void StateTable::Epochs::OnErased(const RowLayout& layout, const std::byte* row,
                                  std::uint64_t rows) {
  constexpr std::uint64_t kFew = 4096;
  if (lost) return;
  layout.EncodeKey(row, erased);
  if (++erased_count > rows + kFew && open[0].to == nullptr) {
    lost = true;
    erased.Clear();
    erased_count = 0;
  }
}

void StateTable::ExpectSnapshots() {
  MILLRACE_CHECK(layout_.serializable(), "a table whose rows have no bytes for a snapshot");
  epochs_ = std::make_unique<Epochs>();
  epochs_->subs.resize(subs_.size());
}

void StateTable::EndRestore(std::optional<std::int64_t> oldest) {
  MILLRACE_CHECK(epochs_ != nullptr && !snapshot_running(), "a restore of a table in use");
  epochs_->OnCleared();
  epochs_->lost = !oldest.has_value();
  for (Epochs::Sub& sub : epochs_->subs) sub.base = oldest.value_or(0);
}

KeyGroupRange StateTable::GroupsOf(std::uint32_t sub) const {
  if (scale_ == 0) return range_;
  const auto first = [&](std::uint64_t of) {
    const auto group = static_cast<std::uint32_t>(((of << 16) + scale_ - 1) / scale_);
    return std::min(range_.end, range_.begin + group);
  };
  return {first(sub), first(std::uint64_t{sub} + 1)};
}

void StateTable::ChooseWhole(std::int64_t id, bool all) {
  // A chain has at most about this many snapshots and as many as there are sub-tables.
  constexpr std::int64_t kLongAgo = 128;
  Epochs& e = *epochs_;
  const auto take = [&](std::uint32_t i) {
    e.subs[i].whole_in = epoch_;
    e.subs[i].base = id;
  };
  for (std::uint32_t i = 0; i < subs_.size(); ++i) {
    if (subs_[i].live == 0 && e.subs[i].whole_in == 0) take(i);
  }
  e.turn = e.turn + 1 < subs_.size() ? e.turn + 1 : 0;
  if (e.subs[e.turn].whole_in == 0 && id - e.subs[e.turn].base >= kLongAgo)
    take(static_cast<std::uint32_t>(e.turn));
  std::vector<std::uint32_t> order(subs_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto due = [&](std::uint32_t i) { return e.subs[i].delta_rows >= subs_[i].live; };
  std::erase_if(order, [&](std::uint32_t i) {
    return e.subs[i].whole_in != 0 || (!all && (e.subs[i].delta_rows == 0 || !due(i)));
  });
  if (!all) {
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return e.subs[a].delta_rows * subs_[b].live > e.subs[b].delta_rows * subs_[a].live;
    });
  }
  std::uint64_t rows = 0;
  for (const std::uint32_t i : order) {
    if (!all && rows >= e.changed) break;
    rows += subs_[i].live;
    take(i);
  }
}

void StateTable::BeginSnapshot(TableSnapshot* to, bool whole) {
  MILLRACE_CHECK(epochs_ != nullptr && open_snapshots_ < 2, "a third snapshot of a table");
  Epochs& e = *epochs_;
  whole |= e.lost;
  MILLRACE_CHECK(!whole || open_snapshots_ == 0, "a whole snapshot while another one is open");
  ChooseWhole(to->id(), whole);
  Epochs::Open& open = e.open[open_snapshots_++];
  open = {to, epoch_, false, {}};
  std::vector<KeyGroupRange> ranges;
  std::int64_t oldest = to->id();
  for (std::uint32_t i = 0; i < subs_.size(); ++i) {
    oldest = std::min(oldest, e.subs[i].base);
    if (e.subs[i].whole_in != epoch_) continue;
    open.any_whole |= subs_[i].live > 0;
    const KeyGroupRange groups = GroupsOf(i);
    if (!ranges.empty() && ranges.back().end == groups.begin) {
      ranges.back().end = groups.end;
    } else {
      ranges.push_back(groups);
    }
  }
  to->set_oldest(oldest);
  to->Begin(ranges, size_, e.erased.view(), e.erased_count);
  e.erased.Clear();
  e.erased_count = 0;
  e.changed = 0;
  e.lost = false;
  epoch_ = NextEpoch(epoch_);
}

void StateTable::TouchSlow(std::byte* row, std::uint8_t* flag) {
  if (epochs_ != nullptr) {
    ++epochs_->changed;
    if (open_snapshots_ > 0) return TouchOwed(row, flag);
  }
  *flag = epoch_;
}

void StateTable::TouchOwed(std::byte* row, std::uint8_t* flag) {
  if (!MILLRACE_PLANT(1)) WriteOwed(row, *flag);
  *flag = epoch_;
}

void StateTable::WriteOwed(const std::byte* row, std::uint8_t flag) {
  Epochs& e = *epochs_;
  for (std::size_t i = 0; i < open_snapshots_; ++i) {
    const Epochs::Open& open = e.open[i];
    if (flag != open.epoch && !open.any_whole) continue;
    Epochs::Sub& sub = e.subs[SubOf(layout_.Hash(row))];
    const bool in_whole = sub.whole_in == open.epoch;
    const bool unwritten = flag == Epochs::kMarks[sub.mark] || (i == 1 && flag == e.open[0].epoch);
    if (flag != open.epoch && !(in_whole && unwritten)) continue;
    if (!in_whole) ++sub.delta_rows;
    open.to->AddRow(row);
  }
}

bool StateTable::SnapshotSlice(std::uint32_t max_rows) {
  if (open_snapshots_ == 0) return true;
  Epochs& e = *epochs_;
  Epochs::Open& open = e.open[0];
  RowsUnderWay rows(open.to, layout_);
  // Looking at a group that owes nothing costs about an eighth of writing a row.
  for (std::uint32_t cost = 0; open.cursor.sub < subs_.size();
       ++open.cursor.sub, open.cursor.slot = 0) {
    const SubTable& s = subs_[open.cursor.sub];
    if (s.live == 0) continue;
    Epochs::Sub& sub = e.subs[open.cursor.sub];
    const bool whole = sub.whole_in == open.epoch;
    const std::uint8_t clean = Epochs::kMarks[sub.mark];
    const std::uint8_t written = Epochs::kMarks[whole ? 1 - sub.mark : sub.mark];
    for (; open.cursor.slot < s.groups * kGroupSlots; open.cursor.slot += kGroupSlots) {
      if (cost / 8 >= max_rows) {
        rows.Write();
        return false;
      }
      std::uint8_t* header = s.headers + std::size_t{open.cursor.slot} / kGroupSlots * kHeaderBytes;
      std::uint32_t owed = SlotsWithFlag(header, open.epoch);
      if (whole) owed |= SlotsWithFlag(header, clean);
      owed &= LiveSlots(header);
      ++cost;
      for (; owed != 0; owed &= owed - 1, cost += 8) {
        const auto i = static_cast<std::uint32_t>(std::countr_zero(owed));
        rows.Add(s.rows + (std::size_t{open.cursor.slot} + i) * row_bytes_);
        header[kGroupSlots + i] = written;
        if (!whole) ++sub.delta_rows;
      }
    }
  }
  rows.Write();
  CloseSnapshot();
  return true;
}

void StateTable::CloseSnapshot() {
  Epochs& e = *epochs_;
  e.open[0].to->End();
  for (Epochs::Sub& sub : e.subs) {
    if (sub.whole_in != e.open[0].epoch) continue;
    sub = Epochs::Sub{static_cast<std::uint8_t>(1 - sub.mark), 0, 0, sub.base};
  }
  e.open[0] = e.open[1];
  e.open[1] = {};
  --open_snapshots_;
}

}  // namespace millrace
