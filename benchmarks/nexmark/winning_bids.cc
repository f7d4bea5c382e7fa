// q4 and q9: what auctions have closed for. The highest bid between an auction's opening and its expiry wins, the earlier
// of equals. Told once, when the watermark has passed the expiry: nothing of an auction is kept after that.
#include <cstdint>
#include <variant>

#include "benchmarks/nexmark/query_parts.h"

namespace nexmark {
namespace {

using millrace::EventTime;
using millrace::StreamEnvironment;

/// The winning bid of each auction. `Result` is made of an auction and its bid.
template <class Auction, class Bid, class Result>
struct WinningBid
    : millrace::KeyedProcessFunction<std::int64_t, std::variant<Auction, Bid>, Result> {
  using Context = millrace::KeyedContext<std::int64_t>;
  millrace::ValueState<Auction> auction{this, "auction"};
  millrace::ValueState<Bid> best{this, "best bid"};
  millrace::ListState<Bid> early{this, "early bids"};  // those that came before their auction

  void ProcessElement(const std::variant<Auction, Bid>& event, Context& ctx, auto&) {
    const Bid* bid = std::get_if<Bid>(&event);
    if (bid == nullptr) {
      OpenAuction(std::get<Auction>(event), ctx);
    } else if (auction.Has()) {
      Take(*bid);
    } else {
      Wait(*bid, ctx);
    }
  }

  void OnTimer(EventTime due, Context& ctx, auto& out) {
    if (auction.Has()) {
      if (best.Has()) out.Emit(Result{auction.Get(), best.Get()});
      auction.Clear();
      best.Clear();
      return;
    }
    // An auction that comes now opens after `due`: bids from before are not for it.
    std::vector<Bid> later;
    for (const Bid& bid : early.Get()) {
      if (TimeOf(bid) > due) later.push_back(bid);
    }
    early.Update(later);
    if (!later.empty()) ctx.RegisterEventTimeTimer(TimeOf(later[0]));
  }

 private:
  static EventTime TimeOf(const Bid& bid) { return EventTime::FromMillis(bid.time); }
  void OpenAuction(const Auction& opened, Context& ctx) {
    auction.Update(opened);
    if (!early.Empty()) {
      ctx.DeleteEventTimeTimer(TimeOf(early.Get()[0]));
      for (const Bid& bid : early.Get()) Take(bid);
      early.Clear();
    }
    ctx.RegisterEventTimeTimer(EventTime::FromMillis(opened.expires));
  }
  void Wait(const Bid& bid, Context& ctx) {
    if (early.Empty()) ctx.RegisterEventTimeTimer(TimeOf(bid));
    early.Add(bid);
  }
  void Take(const Bid& bid) {
    const Auction& a = auction.Get();
    if (bid.time < a.time || bid.time > a.expires) return;
    if (best.Has()) {
      const Bid& b = best.Get();
      if (bid.price < b.price || (bid.price == b.price && bid.time >= b.time)) return;
    }
    best.Update(bid);
  }
};

struct TruncatedAverage {                                     // AVG of BIGINT
  using Accumulator = std::pair<std::int64_t, std::int64_t>;  // sum, count
  Accumulator Create() const { return {0, 0}; }
  void Add(Accumulator& acc, const ClosingPrice& p) const { Merge(acc, {p.price, 1}); }
  void Merge(Accumulator& acc, const Accumulator& o) const {
    acc.first += o.first;
    acc.second += o.second;
  }
  std::int64_t Result(const Accumulator& acc) const { return acc.first / acc.second; }
};

struct PricedAuction {  // q4
  TimedAuction auction;
  TimedBid bid;
};
MILLRACE_RECORD(PricedAuction, auction, bid);

/// The auction that an event is about.
struct AuctionId {
  template <class Auction, class Bid>
  std::int64_t operator()(const std::variant<Auction, Bid>& event) const {
    const Bid* bid = std::get_if<Bid>(&event);
    return bid != nullptr ? bid->auction : std::get<Auction>(event).id;
  }
};

}  // namespace

template <class Sink>
void Q4(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  using AuctionOrBid = std::variant<TimedAuction, TimedBid>;
  AuctionsAndBids(config, env)
      .Map([](const Event& e) -> AuctionOrBid {
        if (e.type == EventType::kBid) return TimedBid{e.auction, e.time, e.price};
        return TimedAuction{e.id, e.time, e.expires, e.category};
      })
      .KeyBy(AuctionId{})
      .Process("closing prices", WinningBid<TimedAuction, TimedBid, PricedAuction>{})
      .Map([](const PricedAuction& a) { return ClosingPrice{a.auction.category, a.bid.price}; })
      .KeyBy(&ClosingPrice::category)
      .Aggregate("average price", TruncatedAverage{})
      .Map([](const auto& r) { return CategoryPrice{r.key, r.value}; })
      .SinkTo("rows", sink);
}

template <class Sink>
void Q9(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  using AuctionOrBid = std::variant<FullAuction, PlainBid>;
  AuctionsAndBids(config, env)
      .Map([](const Event& e) -> AuctionOrBid {
        if (e.type == EventType::kBid)
          return PlainBid{e.auction, e.bidder, e.price, e.time, OfTable(e.extra)};
        return FullAuctionOf(e);
      })
      .KeyBy(AuctionId{})
      .Process("winning bids", WinningBid<FullAuction, PlainBid, WonAuction>{})
      .SinkTo("rows", sink);
}

template void Q4(const QueryConfig&, StreamEnvironment&, const RingSink&);
template void Q4(const QueryConfig&, StreamEnvironment&, const CheckSink&);
template void Q9(const QueryConfig&, StreamEnvironment&, const RingSink&);
template void Q9(const QueryConfig&, StreamEnvironment&, const CheckSink&);

}  // namespace nexmark
