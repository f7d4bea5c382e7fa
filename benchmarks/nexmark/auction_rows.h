#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "benchmarks/nexmark/checksum.h"
#include "millrace/millrace.h"

/// Rows of the queries that keep auctions, persons or whole bids: q3, q4, q9, q18, q19, q20. As in rows.h; a result with a
/// `Key` replaces the one with the same key.
namespace nexmark {

struct FullBid {  // q18: input and result; q19, q20: input
  std::int64_t auction, bidder, price, time;
  millrace::String channel, url, extra;
  void Text(RowText& t) const {
    t << auction << bidder << price << channel.view() << url.view() << time << extra.view();
  }
  std::string Key() const { return std::to_string(bidder) + "|" + std::to_string(auction); }
};
MILLRACE_RECORD(FullBid, auction, bidder, price, time, channel, url, extra);

struct FullAuction {  // q9, q20
  std::int64_t id, time, expires, initial_bid, reserve, seller, category;
  millrace::String item, description, extra;
  /// All columns but the id.
  void Tail(RowText& t) const {
    t << item.view() << description.view() << initial_bid << reserve << time << expires << seller
      << category << extra.view();
  }
};
MILLRACE_RECORD(FullAuction, id, time, expires, initial_bid, reserve, seller, category, item,
                description, extra);

struct Seller {  // q3
  std::int64_t id;
  millrace::String name, city, state;
};
MILLRACE_RECORD(Seller, id, name, city, state);

struct SellersAuction {  // q3
  std::int64_t seller, auction;
};
MILLRACE_RECORD(SellersAuction, seller, auction);

struct LocalAuction {  // q3: an auction of a seller in one of three states
  millrace::String name, city, state;
  std::int64_t auction;
  void Text(RowText& t) const { t << name.view() << city.view() << state.view() << auction; }
};
MILLRACE_RECORD(LocalAuction, name, city, state, auction);

struct TimedAuction {  // q4
  std::int64_t id, time, expires, category;
};
MILLRACE_RECORD(TimedAuction, id, time, expires, category);

struct TimedBid {  // q4
  std::int64_t auction, time, price;
};
MILLRACE_RECORD(TimedBid, auction, time, price);

struct ClosingPrice {  // q4: what an auction went for
  std::int64_t category, price;
};
MILLRACE_RECORD(ClosingPrice, category, price);

struct CategoryPrice {  // q4
  std::int64_t category, average;
  void Text(RowText& t) const { t << category << average; }
  std::string Key() const { return std::to_string(category); }
};
MILLRACE_RECORD(CategoryPrice, category, average);

struct PlainBid {  // q9
  std::int64_t auction, bidder, price, time;
  millrace::String extra;
};
MILLRACE_RECORD(PlainBid, auction, bidder, price, time, extra);

struct WonAuction {  // q9
  FullAuction auction;
  PlainBid bid;
  void Text(RowText& t) const {
    t << auction.id;
    auction.Tail(t);
    t << bid.auction << bid.bidder << bid.price << bid.time << bid.extra.view();
  }
};
MILLRACE_RECORD(WonAuction, auction, bid);

struct RankedBid {  // q19: the bid that has the rank now
  FullBid bid;
  std::int64_t rank;  // from 1
  void Text(RowText& t) const {
    bid.Text(t);
    t << rank;
  }
  std::string Key() const { return std::to_string(bid.auction) + "|" + std::to_string(rank); }
};
MILLRACE_RECORD(RankedBid, bid, rank);

struct AuctionOfOtherCategory {  // q20: its bids are of no interest
  std::int64_t id;
};
MILLRACE_RECORD(AuctionOfOtherCategory, id);

struct BidOnAuction {  // q20
  FullBid bid;
  FullAuction auction;
  void Text(RowText& t) const {
    bid.Text(t);
    auction.Tail(t);
  }
};
MILLRACE_RECORD(BidOnAuction, bid, auction);

}  // namespace nexmark
