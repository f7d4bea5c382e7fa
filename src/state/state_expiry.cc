#include "millrace/state/state_expiry.h"

#include <algorithm>

#include "millrace/state/state_meter.h"
#include "millrace/state/state_table.h"

namespace millrace {
namespace {

constexpr TimeDomain kDomains[] = {TimeDomain::kEventTime, TimeDomain::kProcessingTime};

}  // namespace

void StateExpiry::Add(const ExpiryOps& ops, std::uint32_t offset, std::uint32_t bit) {
  states_.push_back({ops, offset, bit});
}

void StateExpiry::Bind(std::uint32_t presence, RowLayout* layout) {
  presence_ = presence;
  for (std::uint32_t& due : due_) due = layout->AddColumn(ColumnOpsOf<ExpiryDue>());
}

void StateExpiry::OnInsert(std::byte* row) {
  for (const TimeDomain domain : kDomains) Due(row, domain) = {};
}

void StateExpiry::OnRestored(std::byte* row, std::uint64_t hash) {
  for (const State& s : states_) {
    if ((Presence(row) & s.bit) == 0) continue;
    Note(row, hash, s.ops.ttl.domain(), s.ops.ttl.ExpiresAt(s.ops.next(row + s.offset)));
  }
}

void StateExpiry::Clean(StateTable* table, RowRef ref, std::uint64_t hash, TimeDomain domain,
                        std::int64_t now, StateMeter* meter) {
  std::int64_t freed = 0;
  std::int64_t due = ExpiryDue::kNone;
  for (const State& s : states_) {
    if (s.ops.ttl.domain() != domain || (Presence(ref.row) & s.bit) == 0) continue;
    std::byte* const at = ref.row + s.offset;
    if (s.ops.ttl.Expired(s.ops.next(at), now)) {
      table->Touch(ref);
      if (s.ops.clean(at, s.ops.ttl, now, &freed)) {
        Presence(ref.row) &= ~s.bit;
        continue;
      }
    }
    due = std::min(due, s.ops.ttl.ExpiresAt(s.ops.next(at)));
  }
  // The row changes without a Touch where only this column does: no snapshot has it.
  Due(ref.row, domain) = {};
  if (due != ExpiryDue::kNone) Note(ref.row, hash, domain, due);
  if (meter != nullptr) meter->Grow(-freed);
}

}  // namespace millrace
