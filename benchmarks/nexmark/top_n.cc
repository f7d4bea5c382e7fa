// q18 and q19: ROW_NUMBER() <= n. The last bid of each bidder on each auction; the ten highest bids of each auction.
#include <array>
#include <cstdint>

#include "benchmarks/nexmark/query_parts.h"

namespace nexmark {
namespace {

using millrace::StreamEnvironment;

constexpr std::int32_t kRanks = 10;

struct Ranking {
  std::int32_t size = 0;
  std::array<std::uint8_t, kRanks> places{};  // in the list of bids, by rank
  std::array<std::int64_t, kRanks> prices{};
};
MILLRACE_RECORD(Ranking, size, places, prices);

/// The ranks that a bid has changed, each with its bid: the bid's own and those below.
struct TenHighest : millrace::KeyedProcessFunction<std::int64_t, FullBid, RankedBid> {
  millrace::ValueState<Ranking> ranking{this, "ranking"};
  millrace::ListState<FullBid> bids{this, "bids"};  // in no order

  void ProcessElement(const FullBid& bid, Context&, auto& out) {
    const std::int32_t size = ranking.Get().size;
    if (size == kRanks && bid.price <= ranking.Get().prices[kRanks - 1]) return;
    Ranking& r = ranking.Mutable();
    const std::size_t last = static_cast<std::size_t>(size == kRanks ? size - 1 : r.size++);
    const std::int32_t place = size == kRanks ? r.places[last] : size;
    if (size == kRanks) {
      bids.Set(static_cast<std::size_t>(place), bid);
    } else {
      bids.Add(bid);
    }
    std::size_t rank = last;
    for (; rank > 0 && r.prices[rank - 1] < bid.price; --rank) {
      r.prices[rank] = r.prices[rank - 1];
      r.places[rank] = r.places[rank - 1];
    }
    r.prices[rank] = bid.price;
    r.places[rank] = static_cast<std::uint8_t>(place);
    const auto kept = bids.Get();
    for (; rank <= last; ++rank) {
      out.Emit(RankedBid{kept[static_cast<std::size_t>(r.places[rank])],
                         static_cast<std::int64_t>(rank) + 1});
    }
  }
};

}  // namespace

template <class Sink>
void Q18(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Bids(config, env)
      .Map(&FullBidOf)
      .KeyBy(&FullBid::bidder, &FullBid::auction)
      .Reduce("last bids", [](const FullBid& last,
                              const FullBid& bid) { return bid.time >= last.time ? bid : last; })
      .SinkTo("rows", sink);
}

template <class Sink>
void Q19(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Bids(config, env)
      .Map(&FullBidOf)
      .KeyBy(&FullBid::auction)
      .Process("ten highest bids", TenHighest{})
      .SinkTo("rows", sink);
}

template void Q18(const QueryConfig&, StreamEnvironment&, const RingSink&);
template void Q18(const QueryConfig&, StreamEnvironment&, const CheckSink&);
template void Q19(const QueryConfig&, StreamEnvironment&, const RingSink&);
template void Q19(const QueryConfig&, StreamEnvironment&, const CheckSink&);

}  // namespace nexmark
