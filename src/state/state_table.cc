#include "millrace/state/state_table.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

#include "millrace/base/check.h"
#include "millrace/base/prefetch.h"
#include "millrace/state/keyed_state.h"
#include "millrace/state/text_pool.h"
#include "src/base/sanitizers.h"
#include "src/state/block_regions.h"
#include "src/state/table_epochs.h"

namespace millrace {

void internal::ThrowNoKey() {
  throw std::logic_error(
      "keyed state was used, or a timer registered, where there is no key at hand: only "
      "ProcessElement and OnTimer have one, not Open, Close or ProcessBroadcastElement");
}

namespace {

constexpr std::size_t kLine = 64;

// What a sub-table without memory points to: one group without a live slot and a limit of 0, so that
// lookups need no special case. Never written.
alignas(64) std::uint8_t g_empty_header[StateTable::kHeaderBytes * 2];

// Slots of a group that are used on average before a sub-table grows. In the one sub-table of a small state speed counts:
// at half load a key's row is nearly always the first one with its tag. In large states memory counts.
constexpr std::uint32_t kSmallLoad = 8;
constexpr std::uint32_t kLargeLoad = 13;

// Small arrays double; larger ones grow by half, which bounds both memory and the stall. Keys are dealt evenly, so all
// sub-tables would grow at about the same row count, many of them within one step: on the way past kSpread groups each is
// given a size of its own, between one and one and a half of what was due.
constexpr std::uint32_t kSpread = 96;
std::uint32_t NextGroups(std::uint32_t groups, std::uint32_t sub, std::size_t subs) {
  if (groups < 8) return groups * 2;
  const std::uint32_t next = groups + groups / 2;
  if (groups >= kSpread || next < kSpread) return next;
  return next + static_cast<std::uint32_t>(std::uint64_t{next} * sub / (2 * subs));
}

// Rows begin with a cache line.
std::size_t HeaderBytes(std::uint32_t groups) {
  return (std::size_t{groups} * StateTable::kHeaderBytes + kLine - 1) / kLine * kLine;
}

// Cut from a region. The sanitizer knows the bounds of the allocator's blocks only.
bool IsOfRegion(std::size_t bytes) {
  return !MILLRACE_ASAN && bytes >= BlockRegions::kLeastBytes;
}

// For rows that are there: some sub-tables have a few more than their share, and not all may grow at the same row count.
std::uint32_t GroupsFor(std::uint64_t rows, std::uint32_t sub) {
  const auto more = static_cast<std::uint64_t>(5 * std::sqrt(static_cast<double>(rows)));
  const std::uint64_t needed = (rows + more) / kLargeLoad + 1;
  return static_cast<std::uint32_t>(
      needed < kSpread ? needed : needed + needed * sub / (2 * StateTable::kSubTables));
}

}  // namespace

StateTable::StateTable(RowLayout layout, KeyGroupRange range, MemoryAccount* memory)
    : subs_(1),
      row_bytes_(layout.row_bytes()),
      range_(range),
      layout_(std::move(layout)),
      memory_(memory),
      texts_(TextPool::Current()) {
  MILLRACE_CHECK(range.begin < range.end, "a table needs at least one key group");
  subs_[0].headers = g_empty_header;
  subs_[0].groups = 1;
}

StateTable::~StateTable() {
  // What rows hold has left the caches long ago: it is not looked at if it goes anyway.
  const bool let_go = texts_ != nullptr && texts_->TakesAllWithIt() && !layout_.holds();
  for (SubTable& s : subs_) Free(&s, let_go ? Rows::kLetGo : Rows::kAreHere);
}

void StateTable::Charge(std::int64_t bytes) {
  bytes_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(bytes_) + bytes);
  if (memory_ != nullptr) memory_->Charge(MemoryUse::kState, bytes);
}

std::size_t StateTable::BlockBytes(std::uint32_t groups) const {
  const std::size_t rows = std::size_t{groups} * kGroupSlots * row_bytes_;
  return (HeaderBytes(groups) + rows + kLine - 1) / kLine * kLine;
}

// Headers are zero, and rows where zeroes are what a dormant one is made of.
std::byte* StateTable::AllocateBlock(std::size_t bytes, std::size_t header_bytes) {
  const std::size_t zeroed = layout_.plain() || !layout_.zero() ? header_bytes : bytes;
  void* block = nullptr;
  if (IsOfRegion(bytes)) {
    const BlockRegions::Pages pages = BlockRegions::PagesFor(bytes);
    std::unique_ptr<BlockRegions>& regions = regions_[static_cast<std::size_t>(pages)];
    if (regions == nullptr) regions = std::make_unique<BlockRegions>(pages);
    block = regions->Take(bytes, zeroed);
  } else if ((block = std::aligned_alloc(kLine, bytes)) != nullptr) {
    std::memset(block, 0, zeroed);
  }
  if (block == nullptr) throw std::bad_alloc();
  return static_cast<std::byte*>(block);
}

void StateTable::FreeBlock(void* block, std::size_t bytes) {
  if (IsOfRegion(bytes)) {
    regions_[static_cast<std::size_t>(BlockRegions::PagesFor(bytes))]->Give(block, bytes);
  } else {
    std::free(block);
  }
}

void StateTable::Allocate(SubTable* sub, std::uint32_t groups) {
  const std::size_t headers = HeaderBytes(groups), bytes = BlockBytes(groups);
  if (memory_ != nullptr) memory_->RequireRoom(MemoryUse::kState, static_cast<std::int64_t>(bytes));
  std::byte* const block = AllocateBlock(bytes, headers);
  sub->headers = reinterpret_cast<std::uint8_t*>(block);
  sub->rows = block + headers;
  sub->groups = groups;
  sub->used = sub->live = 0;
  sub->limit = groups * (scale_ == 0 ? kSmallLoad : kLargeLoad);
  if (!layout_.plain() && !layout_.zero()) {
    for (std::size_t i = 0; i < std::size_t{groups} * kGroupSlots; ++i) {
      layout_.Construct(sub->rows + i * row_bytes_);
    }
  }
  Charge(static_cast<std::int64_t>(bytes));
}

void StateTable::DestroyRows(const SubTable& sub, Rows rows) {
  if (layout_.plain() || rows == Rows::kLetGo) return;
  const bool live_are_gone = rows == Rows::kMoved && layout_.moves_as_bytes();
  if (live_are_gone && layout_.erased_hold_nothing()) return;
  for (std::size_t i = 0; i < std::size_t{sub.groups} * kGroupSlots; ++i) {
    const std::uint8_t tag = sub.headers[i / kGroupSlots * kHeaderBytes + i % kGroupSlots];
    if (live_are_gone && tag >= kLive) continue;
    layout_.Destroy(sub.rows + i * row_bytes_);
  }
}

void StateTable::Free(SubTable* sub, Rows rows) {
  if (sub->headers == g_empty_header || sub->headers == nullptr) return;
  DestroyRows(*sub, rows);
  const std::size_t bytes = BlockBytes(sub->groups);
  FreeBlock(sub->headers, bytes);
  Charge(-static_cast<std::int64_t>(bytes));
  *sub = SubTable{};
  sub->headers = g_empty_header;
  sub->groups = 1;
}

RowRef StateTable::Place(SubTable* sub, std::uint64_t hash) {
  std::uint32_t group = GroupOf(hash, sub->groups);
  for (;;) {
    std::uint8_t* header = sub->headers + std::size_t{group} * kHeaderBytes;
    const std::uint32_t taken = LiveSlots(header);
    if (taken != 0xffff) {
      const auto i = static_cast<std::uint32_t>(std::countr_one(taken));
      if (header[i] == kEmpty) ++sub->used;
      header[i] = TagOf(hash);
      ++sub->live;
      return {sub->rows + (std::size_t{group} * kGroupSlots + i) * row_bytes_,
              header + kGroupSlots + i};
    }
    group = group + 1 == sub->groups ? 0 : group + 1;
  }
}

RowRef StateTable::InsertSlot(std::uint64_t hash) {
  std::uint32_t sub = SubOf(hash);
  if (subs_[sub].used >= subs_[sub].limit) [[unlikely]] {
    if (scale_ == 0 && size_ >= kSmallRows) {
      Split();
      sub = SubOf(hash);
    }
    if (subs_[sub].used >= subs_[sub].limit) Grow(sub);
  }
  const RowRef ref = Place(&subs_[sub], hash);
  *ref.flag = epoch_;
  ++size_;
  return ref;
}

RowRef StateTable::FindRow(const std::byte* row, std::uint64_t hash) const {
  const SubTable& s = subs_[SubOf(hash)];
  std::uint32_t group = GroupOf(hash, s.groups);
  for (;;) {
    std::uint8_t* header = s.headers + std::size_t{group} * kHeaderBytes;
    for (std::uint32_t match = MatchingSlots(header, hash); match != 0; match &= match - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(match));
      std::byte* found = s.rows + (std::size_t{group} * kGroupSlots + i) * row_bytes_;
      if (layout_.EqualKeys(found, row)) return {found, header + kGroupSlots + i};
    }
    if (HasEmptySlot(header)) return {};
    group = group + 1 == s.groups ? 0 : group + 1;
  }
}

void StateTable::Redistribute(SubTable from) {
  for (std::uint32_t g = 0; g < from.groups; ++g) {
    const std::uint8_t* header = from.headers + std::size_t{g} * kHeaderBytes;
    std::byte* const rows = from.rows + std::size_t{g} * kGroupSlots * row_bytes_;
    const std::uint32_t all = LiveSlots(header);
    // Where a group's rows go lies far apart: they are fetched together.
    std::uint64_t hashes[kGroupSlots];
    for (std::uint32_t live = all; live != 0; live &= live - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(live));
      hashes[i] = layout_.Hash(rows + i * row_bytes_);
      const SubTable& s = subs_[SubOf(hashes[i])];
      PrefetchToWrite(s.headers + std::size_t{GroupOf(hashes[i], s.groups)} * kHeaderBytes);
    }
    for (std::uint32_t live = all; live != 0; live &= live - 1) {
      const auto i = static_cast<std::uint32_t>(std::countr_zero(live));
      std::byte* const row = rows + i * row_bytes_;
      const std::uint64_t hash = hashes[i];
      const RowRef to = Place(&subs_[SubOf(hash)], hash);
      *to.flag = header[kGroupSlots + i];
      if (layout_.plain()) {
        std::memcpy(to.row, row, row_bytes_);
      } else if (layout_.moves_as_bytes()) {
        std::memcpy(to.row, row, row_bytes_);  // and `row` is not looked at again
      } else {  // the target is a constructed, dormant row; the source stays constructed for Free
        layout_.Destroy(to.row);
        layout_.Relocate(to.row, row);
        layout_.Construct(row);
      }
    }
  }
  Free(&from, Rows::kMoved);
}

void StateTable::Grow(std::uint32_t sub) {
  ++version_;
  const SubTable old = subs_[sub];
  // Many erased slots: the same size, cleaned, is enough.
  const bool dirty = old.live < old.used / 2;
  const bool none = old.headers == g_empty_header;
  const std::uint32_t groups = none    ? 1
                               : dirty ? old.groups
                                       : NextGroups(old.groups, sub, subs_.size());
  Allocate(&subs_[sub], groups);
  if (!none) Redistribute(old);
  if (epochs_ != nullptr) epochs_->OnMoved(sub);
}

void StateTable::Split() {
  ++version_;
  SubTable old = subs_[0];
  subs_.assign(kSubTables, SubTable{});
  scale_ = (std::uint64_t{kSubTables} << 16) / (range_.end - range_.begin);
  // Room for an even share and then some: no sub-table may overflow while rows are dealt out.
  const auto groups = static_cast<std::uint32_t>(old.live / kSubTables / 8 + 1);
  for (SubTable& s : subs_) {
    s.headers = g_empty_header;
    s.groups = 1;
  }
  std::vector<std::uint32_t> counts(kSubTables);
  for (std::uint32_t slot = 0; slot < old.groups * kGroupSlots; ++slot) {
    const std::uint8_t* header = old.headers + std::size_t{slot / kGroupSlots} * kHeaderBytes;
    if (header[slot % kGroupSlots] < kLive) continue;
    ++counts[SubOf(layout_.Hash(old.rows + std::size_t{slot} * row_bytes_))];
  }
  try {
    for (std::uint32_t i = 0; i < kSubTables; ++i) {
      if (counts[i] > 0) Allocate(&subs_[i], std::max(groups, counts[i] / 12 + 1));
    }
  } catch (...) {  // over the memory: the job fails, and nobody else owns the old rows
    Free(&old);
    throw;
  }
  Redistribute(old);
  if (epochs_ != nullptr) epochs_->OnSplit(kSubTables);
}

void StateTable::Reserve(std::uint64_t rows) {
  MILLRACE_CHECK(size_ == 0 && !snapshot_running(), "room is made in an empty table");
  if (rows <= kSmallRows) return;
  ++version_;
  for (SubTable& s : subs_) Free(&s);
  subs_.assign(kSubTables, SubTable{g_empty_header, nullptr, 1});
  scale_ = (std::uint64_t{kSubTables} << 16) / (range_.end - range_.begin);
  if (epochs_ != nullptr) epochs_->OnSplit(kSubTables);
  for (std::uint32_t i = 0; i < kSubTables; ++i) {
    const KeyGroupRange groups = GroupsOf(i);
    const std::uint64_t share = rows * (groups.end - groups.begin) / (range_.end - range_.begin);
    if (share > 0) Allocate(&subs_[i], GroupsFor(share, i));
  }
}

std::uint64_t StateTable::HeldBytes() const {
  std::uint64_t bytes = 0;
  if (!layout_.holds()) return bytes;
  Cursor cursor;
  while (const RowRef ref = Next(&cursor)) bytes += layout_.Held(ref.row);
  return bytes;
}

void StateTable::Clear() {
  while (snapshot_running()) SnapshotSlice(UINT32_MAX);  // its images are written before they go
  if (epochs_ != nullptr) epochs_->OnCleared();
  if (layout_.holds_elements()) {
    Cursor cursor;
    while (const RowRef ref = Next(&cursor)) layout_.Shrink(ref.row);
  }
  ++version_;
  const std::uint64_t room = bytes_ / (row_bytes_ + 2);
  const bool shrink = room > 4096 && size_ * 8 < room;
  for (SubTable& s : subs_) {
    if (s.headers == g_empty_header) continue;
    if (shrink) {
      Free(&s);
      continue;
    }
    std::memset(s.headers, 0, std::size_t{s.groups} * kHeaderBytes);
    s.used = s.live = 0;
  }
  if (shrink && scale_ != 0) {
    subs_.resize(1);
    scale_ = 0;
    if (epochs_ != nullptr) epochs_->subs.resize(1);
  }
  size_ = 0;
}

void StateTable::Erase(RowRef ref, std::uint64_t hash) {
  if (epochs_ != nullptr) {
    Touch(ref);  // its image is written before it goes
    epochs_->OnErased(layout_, ref.row, size_);
  }
  ++version_;
  // The header that holds the flag tells the group; the sub-table is the one whose key it is.
  SubTable& s = subs_[SubOf(hash)];
  const auto offset = static_cast<std::size_t>(ref.flag - s.headers);
  std::uint8_t* header = s.headers + offset / kHeaderBytes * kHeaderBytes;
  const std::size_t i = offset % kHeaderBytes - kGroupSlots;
  const bool has_empty = HasEmptySlot(header);
  header[i] = has_empty ? kEmpty : kErased;
  if (has_empty) --s.used;
  --s.live;
  --size_;
  if (layout_.holds_elements()) layout_.Shrink(ref.row);
}

RowRef StateTable::Next(Cursor* cursor) const {
  for (; cursor->sub < subs_.size(); ++cursor->sub, cursor->slot = 0) {
    const SubTable& s = subs_[cursor->sub];
    if (s.live == 0) continue;
    while (cursor->slot < s.groups * kGroupSlots) {
      const std::uint32_t group = cursor->slot / kGroupSlots;
      std::uint8_t* header = s.headers + std::size_t{group} * kHeaderBytes;
      std::uint32_t live = LiveSlots(header);
      live &= ~std::uint32_t{0} << (cursor->slot % kGroupSlots);
      if (live == 0) {
        cursor->slot = (group + 1) * kGroupSlots;
        continue;
      }
      const auto i = static_cast<std::uint32_t>(std::countr_zero(live));
      cursor->slot = group * kGroupSlots + i + 1;
      return {s.rows + (std::size_t{group} * kGroupSlots + i) * row_bytes_,
              header + kGroupSlots + i};
    }
  }
  return {};
}

}  // namespace millrace
