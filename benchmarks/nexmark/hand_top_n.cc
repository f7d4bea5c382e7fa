// q18 and q19 by hand. As in q17 the table knows where a key's row stands, rows stand in the order of their first bids, and a
// bid waits for some others while its place is fetched.
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "benchmarks/nexmark/hand_loops.h"
#include "benchmarks/support/hand_table.h"

namespace nexmark {
namespace {

constexpr std::size_t kWait = 16;

struct Top {
  static constexpr std::size_t kRanks = 10;
  std::array<std::int64_t, kRanks> prices;  // of the ranks, the highest first
  std::array<std::uint8_t, kRanks> places;  // and where their bids stand
  std::uint8_t size = 0;
  std::array<FullBid, kRanks> bids;
};

}  // namespace

template <class Writer>
void HandQ18(const GeneratorConfig& config, Writer& out) {
  Generator g(config);  // here: its fields may stay in registers
  struct Keyed {
    std::int64_t key;
    FullBid bid;
  };
  by_hand::Table<std::uint32_t> index(1 << 16);
  std::vector<FullBid> rows;
  rows.reserve(1 << 23);  // address space: pages come with their first row
  const auto add = [&](const Keyed& waited) {
    std::uint32_t& at = index[waited.key];
    if (at == 0) {
      rows.push_back(waited.bid);
      at = static_cast<std::uint32_t>(rows.size());
    } else {
      FullBid& row = rows[at - 1];
      if (waited.bid.time < row.time) return;
      row = waited.bid;
    }
    Put(out, waited.bid);
  };
  std::array<Keyed, kWait> waiting;
  std::size_t bids = 0;
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type != EventType::kBid) continue;
    Keyed& place = waiting[bids % kWait];
    if (bids >= kWait) add(place);
    place = {e.auction << 32 | e.bidder, FullBidView(e)};
    index.Prefetch(place.key);
    ++bids;
  }
  for (std::size_t i = bids < kWait ? 0 : bids - kWait; i < bids; ++i) add(waiting[i % kWait]);
}

template <class Writer>
void HandQ19(const GeneratorConfig& config, Writer& out) {
  Generator g(config);  // here: its fields may stay in registers
  by_hand::Table<std::uint32_t> index(1 << 16);
  std::vector<Top> tops;
  tops.reserve(1 << 21);
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type != EventType::kBid) continue;
    std::uint32_t& place = index[e.auction];
    if (place == 0) {
      tops.emplace_back();
      place = static_cast<std::uint32_t>(tops.size());
    }
    Top& top = tops[place - 1];
    const bool full = top.size == Top::kRanks;
    if (full && e.price <= top.prices[Top::kRanks - 1]) continue;
    const std::uint8_t at = full ? top.places[Top::kRanks - 1] : top.size++;
    top.bids[at] = FullBidView(e);
    std::size_t rank = top.size - 1u;
    for (; rank > 0 && top.prices[rank - 1] < e.price; --rank) {
      top.prices[rank] = top.prices[rank - 1];
      top.places[rank] = top.places[rank - 1];
    }
    top.prices[rank] = e.price;
    top.places[rank] = at;
    for (; rank < top.size; ++rank)
      Put(out, RankedBid{top.bids[top.places[rank]], static_cast<std::int64_t>(rank) + 1});
  }
}

template void HandQ18(const GeneratorConfig&, RingSink::Writer&);
template void HandQ18(const GeneratorConfig&, CheckSink::Writer&);
template void HandQ19(const GeneratorConfig&, RingSink::Writer&);
template void HandQ19(const GeneratorConfig&, CheckSink::Writer&);

}  // namespace nexmark
