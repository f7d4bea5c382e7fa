#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "benchmarks/nexmark/checksum.h"
#include "millrace/millrace.h"

/// Result rows of the queries. Each has `Text` (the oracle's row text); one that replaces another has `Key`.
namespace nexmark {

struct BidRow {  // q0
  std::int64_t auction, bidder, price, time;
  millrace::String extra;
  void Text(RowText& t) const { t << auction << bidder << price << time << extra.view(); }
};
MILLRACE_RECORD(BidRow, auction, bidder, price, time, extra);

struct EuroRow {  // q1: price in thousandths of a euro cent's unit, DECIMAL(23,3)
  std::int64_t auction, bidder, price_thousandths, time;
  millrace::String extra;
  void Text(RowText& t) const {
    std::string fraction = std::to_string(price_thousandths % 1000);
    t << auction << bidder
      << std::to_string(price_thousandths / 1000) + "." + std::string(3 - fraction.size(), '0') +
             fraction
      << time << extra.view();
  }
};
MILLRACE_RECORD(EuroRow, auction, bidder, price_thousandths, time, extra);

struct PriceRow {  // q2
  std::int64_t auction, price;
  void Text(RowText& t) const { t << auction << price; }
};
MILLRACE_RECORD(PriceRow, auction, price);

struct WindowCount {  // q5, inner: bids of an auction in a window
  std::int64_t auction, num, window_end;
};
MILLRACE_RECORD(WindowCount, auction, num, window_end);

struct HotAuction {  // q5
  std::int64_t auction, num;
  void Text(RowText& t) const { t << auction << num; }
};
MILLRACE_RECORD(HotAuction, auction, num);

struct
    HighBid {  // q7; `boundary`: counts for the window that ends at its time, but not for its maximum
  std::int64_t auction, price, bidder, time;
  millrace::String extra;
  bool boundary;
  void Text(RowText& t) const { t << auction << price << bidder << time << extra.view(); }
};
MILLRACE_RECORD(HighBid, auction, price, bidder, time, extra, boundary);

struct PersonOrSeller {  // q8, input: a new person, or a seller (name empty)
  std::int64_t id;
  millrace::String name;
  bool person;
};
MILLRACE_RECORD(PersonOrSeller, id, name, person);

struct NewSeller {  // q8
  std::int64_t id;
  millrace::String name;
  std::int64_t window_start;
  void Text(RowText& t) const { t << id << name.view() << window_start; }
};
MILLRACE_RECORD(NewSeller, id, name, window_start);

struct BidderCount {  // q11, q12e
  std::int64_t bidder, count, start, end;
  void Text(RowText& t) const { t << bidder << count << start << end; }
};
MILLRACE_RECORD(BidderCount, bidder, count, start, end);

struct BidderBid {  // q11, q12e: input
  std::int64_t bidder;
};
MILLRACE_RECORD(BidderBid, bidder);
struct AuctionBid {  // q5: input
  std::int64_t auction;
};
MILLRACE_RECORD(AuctionBid, auction);

struct DayBid {  // q17, input
  std::int64_t auction;
  std::int32_t day;  // since the epoch
  std::int64_t price;
};
MILLRACE_RECORD(DayBid, auction, day, price);

struct DayStats {  // q17
  std::int64_t auction;
  std::int32_t day;
  std::int64_t total, low, middle, high, min, max, sum;
  void Text(RowText& t) const;
  std::string Key() const { return std::to_string(auction) + "|" + std::to_string(day); }
};
MILLRACE_RECORD(DayStats, auction, day, total, low, middle, high, min, max, sum);

/// 2023-11-14, from days since the epoch.
std::string DayText(std::int32_t day);

inline void DayStats::Text(RowText& t) const {
  t << auction << DayText(day) << total << low << middle << high << min << max << sum / total
    << sum;
}

}  // namespace nexmark
