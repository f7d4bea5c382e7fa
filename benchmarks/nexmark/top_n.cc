// q18 and q19: ROW_NUMBER() <= n. The last bid of each bidder on each auction; the ten highest bids of each auction.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "benchmarks/nexmark/query_parts.h"

namespace nexmark {
namespace {

using millrace::StreamEnvironment;

/// The ranks that a bid has changed, each with its bid: the bid's own and those below.
struct TenHighest : millrace::KeyedProcessFunction<std::int64_t, FullBid, RankedBid> {
  static constexpr std::size_t kRanks = 10;
  millrace::ValueState<std::vector<FullBid>> bids{this, "bids"};  // the highest first

  void ProcessElement(const FullBid& bid, Context&, auto& out) {
    const std::vector<FullBid>& before = bids.Get();
    if (before.size() == kRanks && before.back().price >= bid.price) return;
    std::vector<FullBid>& ranked = bids.Mutable();
    const auto higher = [](const FullBid& a, const FullBid& b) { return a.price > b.price; };
    if (ranked.size() == kRanks) ranked.pop_back();
    auto at = ranked.insert(std::upper_bound(ranked.begin(), ranked.end(), bid, higher), bid);
    for (; at != ranked.end(); ++at) out.Emit(RankedBid{*at, at - ranked.begin() + 1});
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
