// q3 and q20: joins without a bound in time. One side has unique keys, so that of the other only those rows are kept whose
// partner has not come yet.
#include <cstdint>
#include <variant>

#include "benchmarks/nexmark/query_parts.h"

namespace nexmark {
namespace {

using millrace::StreamEnvironment;

constexpr std::int64_t kCategory = 10;

bool InThreeStates(const Event& e) {
  return e.state == "OR" || e.state == "ID" || e.state == "CA";
}

struct LocalAuctions
    : millrace::KeyedCoProcessFunction<std::int64_t, Seller, SellersAuction, LocalAuction> {
  millrace::ValueState<Seller> seller{this, "seller"};
  millrace::ListState<std::int64_t> early{this, "early auctions"};

  void ProcessElement1(const Seller& s, Context&, auto& out) {
    for (const std::int64_t auction : early.Get())
      out.Emit(LocalAuction{s.name, s.city, s.state, auction});
    early.Clear();
    seller.Update(s);
  }
  void ProcessElement2(const SellersAuction& a, Context&, auto& out) {
    if (seller.Has()) {
      const Seller& s = seller.Get();
      out.Emit(LocalAuction{s.name, s.city, s.state, a.auction});
    } else {
      early.Add(a.auction);
    }
  }
};

using AuctionOrBid = std::variant<FullBid, FullAuction, AuctionOfOtherCategory>;

struct BidsOfCategory : millrace::KeyedProcessFunction<std::int64_t, AuctionOrBid, BidOnAuction> {
  millrace::ValueState<FullAuction> auction{this, "auction"};
  millrace::ValueState<bool> other{this, "other category"};
  millrace::ListState<FullBid> early{this, "early bids"};

  void ProcessElement(const AuctionOrBid& event, Context&, auto& out) {
    if (const FullBid* bid = std::get_if<FullBid>(&event)) {
      if (other.Has()) return;
      if (auction.Has()) {
        out.Emit(BidOnAuction{*bid, auction.Get()});
      } else {
        early.Add(*bid);
      }
    } else if (const FullAuction* a = std::get_if<FullAuction>(&event)) {
      for (const FullBid& b : early.Get()) out.Emit(BidOnAuction{b, *a});
      early.Clear();
      auction.Update(*a);
    } else {
      early.Clear();
      other.Update(true);
    }
  }
};

std::int64_t AuctionId(const AuctionOrBid& event) {
  if (const FullBid* bid = std::get_if<FullBid>(&event)) return bid->auction;
  if (const FullAuction* a = std::get_if<FullAuction>(&event)) return a->id;
  return std::get<AuctionOfOtherCategory>(event).id;
}

}  // namespace

template <class Sink>
void Q3(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  using SellerOrAuction = std::variant<Seller, SellersAuction>;
  auto both = Events(config, env)
                  .Filter([](const Event& e) {
                    return (e.type == EventType::kAuction && e.category == kCategory) ||
                           (e.type == EventType::kPerson && InThreeStates(e));
                  })
                  .Map([](const Event& e) -> SellerOrAuction {
                    if (e.type == EventType::kAuction) return SellersAuction{e.seller, e.id};
                    return Seller{e.id, ViewOf(e.name), OfTable(e.city), OfTable(e.state)};
                  });
  auto sellers =
      both.Filter([](const SellerOrAuction& e) { return std::holds_alternative<Seller>(e); })
          .Map([](const SellerOrAuction& e) { return std::get<Seller>(e); })
          .KeyBy(&Seller::id);
  auto auctions = both.Filter([](const SellerOrAuction& e) {
                        return std::holds_alternative<SellersAuction>(e);
                      })
                      .Map([](const SellerOrAuction& e) { return std::get<SellersAuction>(e); })
                      .KeyBy(&SellersAuction::seller);
  std::move(sellers)
      .Connect(std::move(auctions))
      .Process("local auctions", LocalAuctions{})
      .SinkTo("rows", sink);
}

template <class Sink>
void Q20(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  AuctionsAndBids(config, env)
      .Map([](const Event& e) -> AuctionOrBid {
        if (e.type == EventType::kBid) return FullBidOf(e);
        if (e.category == kCategory) return FullAuctionOf(e);
        return AuctionOfOtherCategory{e.id};
      })
      .KeyBy(&AuctionId)
      .Process("bids of the category", BidsOfCategory{})
      .SinkTo("rows", sink);
}

template void Q3(const QueryConfig&, StreamEnvironment&, const RingSink&);
template void Q3(const QueryConfig&, StreamEnvironment&, const CheckSink&);
template void Q20(const QueryConfig&, StreamEnvironment&, const RingSink&);
template void Q20(const QueryConfig&, StreamEnvironment&, const CheckSink&);

}  // namespace nexmark
