#include "benchmarks/nexmark/queries.h"

#include <chrono>
#include <map>
#include <string_view>

#include "benchmarks/nexmark/query_parts.h"

namespace nexmark {

using namespace std::chrono_literals;
using millrace::Collector;
using millrace::EventTime;
using millrace::StreamEnvironment;
using millrace::Window;

std::string DayText(std::int32_t day) {
  return EventTime::FromMillis(std::int64_t{day} * 86400000).ToString().substr(0, 10);
}

namespace {

struct MaxTies {  // q5: the auctions with the most bids of a window
  using Accumulator = std::pair<std::int64_t, std::vector<std::int64_t>>;
  Accumulator Create() const { return {}; }
  void Add(Accumulator& acc, const WindowCount& c) const {
    if (c.num < acc.first) return;
    if (c.num > acc.first) {
      acc.first = c.num;
      acc.second.clear();
    }
    acc.second.push_back(c.auction);
  }
  void Merge(Accumulator& acc, const Accumulator& other) const {
    for (const std::int64_t a : other.second) Add(acc, {a, other.first, 0});
  }
  const Accumulator& Result(const Accumulator& acc) const { return acc; }
};

// q5, before the exchange: counts that are not the largest so far of their window can't be its maximum. One copy per
// subtask; what it forgets it only lets through.
struct LargestSoFar {
  void operator()(std::int64_t auction, const Window& w, std::int64_t num, auto& out) const {
    if (w.end.millis() != window_end) {
      window_end = w.end.millis();
      largest = 0;
    }
    if (num < largest) return;
    largest = num;
    out.Emit(WindowCount{auction, num, window_end});
  }
  mutable std::int64_t window_end = INT64_MIN;
  mutable std::int64_t largest = 0;
};

// q7, before the exchange: in the same way, bids below the highest so far of their window. A bid at a window's first
// millisecond also counts for the window before (BETWEEN includes the end), but not for its maximum.
struct HighestSoFar {
  void operator()(const Event& e, auto& out) const {
    if (e.time >= end || e.time < end - kWindow) {
      before = e.time >= end && e.time < end + kWindow ? highest : -1;
      end = e.time / kWindow * kWindow + kWindow;
      highest = -1;
    }
    if (e.time == end - kWindow && e.price >= before)
      out.EmitAt(Row(e, true), EventTime::FromMillis(e.time - 1));
    if (e.price < highest) return;
    highest = e.price;
    out.Emit(Row(e, false));
  }

 private:
  static constexpr std::int64_t kWindow = 10000;
  static HighBid Row(const Event& e, bool boundary) {
    return {e.auction, e.price, e.bidder, e.time, OfTable(e.extra), boundary};
  }
  mutable std::int64_t end = INT64_MIN + kWindow;
  mutable std::int64_t highest = -1;
  mutable std::int64_t before = -1;
};

struct HighestBids {  // q7: the maximum of a window, and the bids that have it
  using Accumulator = std::pair<std::int64_t, std::vector<HighBid>>;
  Accumulator Create() const { return {-1, {}}; }
  void Add(Accumulator& acc, const HighBid& bid) const {
    if (bid.price < acc.first) return;
    if (bid.price > acc.first && !bid.boundary) {
      acc.first = bid.price;
      std::erase_if(acc.second, [&](const HighBid& b) { return b.price < bid.price; });
    }
    acc.second.push_back(bid);
  }
  void Merge(Accumulator& acc, const Accumulator& other) const {
    for (const HighBid& b : other.second) Add(acc, b);
  }
  const Accumulator& Result(const Accumulator& acc) const { return acc; }
};

// q8: what a window has seen of an id.
struct PersonAndSeller {
  using Accumulator =
      std::tuple<bool, bool, millrace::String>;  // a person, a seller, the person's name
  Accumulator Create() const { return {}; }
  void Add(Accumulator& acc, const PersonOrSeller& r) const {
    if (r.person) {
      std::get<0>(acc) = true;
      std::get<2>(acc) = r.name;
    } else {
      std::get<1>(acc) = true;
    }
  }
  void Merge(Accumulator& acc, const Accumulator& o) const {
    if (std::get<0>(o)) std::get<2>(acc) = std::get<2>(o);
    std::get<0>(acc) |= std::get<0>(o);
    std::get<1>(acc) |= std::get<1>(o);
  }
  const Accumulator& Result(const Accumulator& acc) const { return acc; }
};

struct PriceStats {  // q17
  using Accumulator = DayStats;
  Accumulator Create() const { return {0, 0, 0, 0, 0, 0, INT64_MAX, INT64_MIN, 0}; }
  void Add(Accumulator& acc, const DayBid& bid) const {
    acc.auction = bid.auction;
    acc.day = bid.day;
    ++acc.total;
    acc.low += bid.price < 10000;
    acc.middle += bid.price >= 10000 && bid.price < 1000000;
    acc.high += bid.price >= 1000000;
    acc.min = std::min(acc.min, bid.price);
    acc.max = std::max(acc.max, bid.price);
    acc.sum += bid.price;
  }
  void Merge(Accumulator& acc, const Accumulator& o) const {
    acc.total += o.total;
    acc.low += o.low;
    acc.middle += o.middle;
    acc.high += o.high;
    acc.min = std::min(acc.min, o.min);
    acc.max = std::max(acc.max, o.max);
    acc.sum += o.sum;
  }
  const Accumulator& Result(const Accumulator& acc) const { return acc; }
};

template <class Sink>
void Q0(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Bids(config, env)
      .Map([](const Event& e) {
        return BidRow{e.auction, e.bidder, e.price, e.time, OfTable(e.extra)};
      })
      .SinkTo("rows", sink);
}

template <class Sink>
void Q1(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Bids(config, env)
      .Map([](const Event& e) {
        return EuroRow{e.auction, e.bidder, e.price * 908, e.time, OfTable(e.extra)};
      })
      .SinkTo("rows", sink);
}

template <class Sink>
void Q2(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Bids(config, env)
      .Filter([](const Event& e) { return e.auction % 123 == 0; })
      .Map([](const Event& e) { return PriceRow{e.auction, e.price}; })
      .SinkTo("rows", sink);
}

template <class Sink>
void Q5(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Bids(config, env)
      .Map([](const Event& e) { return AuctionBid{e.auction}; })
      .KeyBy(&AuctionBid::auction)
      .Window(millrace::SlidingEventTime(10s, 2s))
      .template Aggregate<WindowCount>("bids per auction", millrace::Count(), LargestSoFar{})
      .KeyBy(&WindowCount::window_end)
      .Window(millrace::TumblingEventTime(2s))
      .Aggregate("most bids", MaxTies{},
                 [](std::int64_t, const Window&, const MaxTies::Accumulator& best,
                    Collector<HotAuction>& out) {
                   for (const std::int64_t a : best.second) out.Emit({a, best.first});
                 })
      .SinkTo("rows", sink);
}

template <class Sink>
void Q7(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Bids(config, env)
      .template FlatMap<HighBid>(HighestSoFar{})
      .KeyBy([](const HighBid&) { return std::int32_t{0}; })
      .Window(millrace::TumblingEventTime(10s))
      .Aggregate("highest bids", HighestBids{},
                 [](std::int32_t, const Window&, const HighestBids::Accumulator& best,
                    Collector<HighBid>& out) {
                   for (const HighBid& b : best.second) {
                     if (b.price == best.first) out.Emit(b);
                   }
                 })
      .SinkTo("rows", sink);
}

template <class Sink>
void Q8(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Events(config, env)
      .Filter([](const Event& e) { return e.type != EventType::kBid; })
      .Map([](const Event& e) {
        return e.type == EventType::kPerson ? PersonOrSeller{e.id, ViewOf(e.name), true}
                                            : PersonOrSeller{e.seller, {}, false};
      })
      .KeyBy(&PersonOrSeller::id)
      .Window(millrace::TumblingEventTime(10s))
      .Aggregate("new sellers", PersonAndSeller{},
                 [](std::int64_t id, const Window& w, const PersonAndSeller::Accumulator& both,
                    Collector<NewSeller>& out) {
                   if (std::get<0>(both) && std::get<1>(both)) {
                     out.Emit({id, std::get<2>(both), w.start.millis()});
                   }
                 })
      .SinkTo("rows", sink);
}

template <class Sink>
void Q11(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Bids(config, env)
      .Map([](const Event& e) { return BidderBid{e.bidder}; })
      .KeyBy(&BidderBid::bidder)
      .Window(millrace::SessionEventTime(10s))
      .Aggregate(
          "bids per session", millrace::Count(),
          [](std::int64_t bidder, const Window& w, std::int64_t n, Collector<BidderCount>& out) {
            out.Emit({bidder, n, w.start.millis(), w.end.millis()});
          })
      .SinkTo("rows", sink);
}

template <class Sink>
void Q12e(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Bids(config, env)
      .Map([](const Event& e) { return BidderBid{e.bidder}; })
      .KeyBy(&BidderBid::bidder)
      .Window(millrace::TumblingEventTime(10s))
      .Aggregate(
          "bids per bidder", millrace::Count(),
          [](std::int64_t bidder, const Window& w, std::int64_t n, Collector<BidderCount>& out) {
            out.Emit({bidder, n, w.start.millis(), w.end.millis()});
          })
      .SinkTo("rows", sink);
}

template <class Sink>
void Q17(const QueryConfig& config, StreamEnvironment& env, const Sink& sink) {
  Bids(config, env)
      .Map([](const Event& e) {
        return DayBid{e.auction, static_cast<std::int32_t>(e.time / 86400000), e.price};
      })
      .KeyBy(&DayBid::auction, &DayBid::day)
      .Aggregate("price statistics", PriceStats{})
      .Map([](const auto& r) { return r.value; })
      .SinkTo("rows", sink);
}

}  // namespace

template <class Sink>
bool BuildQuery(const std::string& name, const QueryConfig& config, StreamEnvironment& env,
                const Sink& sink) {
  using Build = void (*)(const QueryConfig&, StreamEnvironment&, const Sink&);
  static const std::map<std::string_view, Build> kQueries{
      {"q0", &Q0<Sink>},   {"q1", &Q1<Sink>},   {"q2", &Q2<Sink>},     {"q3", &Q3<Sink>},
      {"q4", &Q4<Sink>},   {"q5", &Q5<Sink>},   {"q7", &Q7<Sink>},     {"q8", &Q8<Sink>},
      {"q9", &Q9<Sink>},   {"q11", &Q11<Sink>}, {"q12e", &Q12e<Sink>}, {"q17", &Q17<Sink>},
      {"q18", &Q18<Sink>}, {"q19", &Q19<Sink>}, {"q20", &Q20<Sink>}};
  const auto at = kQueries.find(name);
  if (at == kQueries.end()) return false;
  at->second(config, env, sink);
  return true;
}

template bool BuildQuery(const std::string&, const QueryConfig&, StreamEnvironment&,
                         const RingSink&);
template bool BuildQuery(const std::string&, const QueryConfig&, StreamEnvironment&,
                         const CheckSink&);

}  // namespace nexmark
