#include "benchmarks/nexmark/handwritten.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "benchmarks/nexmark/hand_loops.h"
#include "benchmarks/support/hand_table.h"

namespace nexmark {
namespace {

constexpr std::int64_t kWindow = 10000;  // ms
constexpr std::int64_t kSlide = 2000;

template <class Writer>
void Q0(Generator& g, Writer& out) {
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type == EventType::kBid)
      Put(out, BidRow{e.auction, e.bidder, e.price, e.time, View(e.extra)});
  }
}
template <class Writer>
void Q1(Generator& g, Writer& out) {
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type == EventType::kBid)
      Put(out, EuroRow{e.auction, e.bidder, e.price * 908, e.time, View(e.extra)});
  }
}
template <class Writer>
void Q2(Generator& g, Writer& out) {
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type == EventType::kBid && e.auction % 123 == 0) Put(out, PriceRow{e.auction, e.price});
  }
}

// Panes of one slide; a running total over the panes of a window. Time does not go back within a split.
template <class Writer>
class HotAuctions {
 public:
  explicit HotAuctions(Writer& out) : out_(out) {}
  void Bid(std::int64_t auction, std::int64_t time) {
    if (time >= pane_end_) Advance(time);
    ++pane_[auction];
  }
  void Finish() {
    if (pane_end_ == 0) return;
    for (std::int64_t i = 0; i < kWindow / kSlide; ++i) Close();
  }

 private:
  using Counts = std::vector<std::pair<std::int64_t, std::int64_t>>;
  void Advance(std::int64_t time) {
    if (pane_end_ == 0) {
      pane_end_ = time / kSlide * kSlide + kSlide;
      return;
    }
    while (time >= pane_end_) Close();
  }
  void Close() {
    Counts& oldest = panes_[static_cast<std::size_t>(pane_end_ / kSlide) % std::size(panes_)];
    for (const auto& [auction, count] : oldest) {
      std::int64_t& total = total_[auction];
      total -= count;
      if (total == 0) total_.Erase(auction);
    }
    oldest.clear();
    pane_.ForEach([&](std::int64_t auction, std::int64_t count) {
      oldest.emplace_back(auction, count);
      total_[auction] += count;
    });
    pane_.Clear();
    std::int64_t most = 0;
    total_.ForEach([&](std::int64_t auction, std::int64_t count) {
      if (count < most) return;
      if (count > most) best_.clear();
      most = count;
      best_.push_back(auction);
    });
    for (const std::int64_t auction : best_) Put(out_, HotAuction{auction, most});
    best_.clear();
    pane_end_ += kSlide;
  }
  Writer& out_;
  by_hand::Table<std::int64_t> pane_, total_;
  Counts panes_[kWindow / kSlide];
  std::vector<std::int64_t> best_;
  std::int64_t pane_end_ = 0;
};

template <class Writer>
void Q5(Generator& g, Writer& out) {
  HotAuctions<Writer> hot(out);
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type == EventType::kBid) hot.Bid(e.auction, e.time);
  }
  hot.Finish();
}

template <class Writer>
void Q7(Generator& g, Writer& out) {
  struct Best {
    std::int64_t price = -1;
    std::vector<HighBid> bids;
  };
  Best now, before;  // before: the window that ends at `begin`, open for bids of exactly that time
  std::int64_t end = 0;
  const auto flush = [&](Best& best) {
    for (const HighBid& b : best.bids) Put(out, b);
    best.bids.clear();
    best.price = -1;
  };
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type != EventType::kBid) continue;
    if (e.time >= end) [[unlikely]] {
      flush(before);
      const std::int64_t next = e.time / kWindow * kWindow + kWindow;
      if (next == end + kWindow) {
        std::swap(before, now);
      } else {
        flush(now);
      }
      end = next;
    }
    if (e.time == end - kWindow && e.price == before.price) {
      before.bids.push_back({e.auction, e.price, e.bidder, e.time, View(e.extra), true});
    }
    if (e.price < now.price) continue;
    if (e.price > now.price) now.bids.clear();
    now.price = e.price;
    now.bids.push_back({e.auction, e.price, e.bidder, e.time, View(e.extra), false});
  }
  flush(before);
  flush(now);
}

template <class Writer>
void Q8(Generator& g, Writer& out) {
  struct Seen {
    bool person = false, seller = false;
    std::string name;  // the generator's text of a person is gone with the next event
  };
  by_hand::Table<Seen> seen;
  std::int64_t end = 0;
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type == EventType::kBid) continue;
    if (e.time >= end) [[unlikely]] {
      end = e.time / kWindow * kWindow + kWindow;
      seen.Clear();
    }
    const std::int64_t id = e.type == EventType::kPerson ? e.id : e.seller;
    Seen& s = seen[id];
    const bool both = s.person && s.seller;
    if (e.type == EventType::kPerson) {
      s.person = true;
      s.name = e.name;
    } else {
      s.seller = true;
    }
    if (!both && s.person && s.seller) Put(out, NewSeller{id, View(s.name), end - kWindow});
  }
}

template <class Writer>
void Q11(Generator& g, Writer& out) {
  struct Open {
    std::int64_t start = 0, last = 0, count = 0;
  };
  by_hand::Table<Open> open;
  const auto put = [&](std::int64_t bidder, const Open& s) {
    Put(out, BidderCount{bidder, s.count, s.start, s.last + kWindow});
  };
  std::int64_t sweep = 0;
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type != EventType::kBid) continue;
    if (e.time >= sweep)
        [[unlikely]] {  // close what is over; a record of the key would close it too
      sweep = e.time + kWindow / 4;
      open.EraseIf([&](std::int64_t bidder, const Open& s) {
        if (s.last + kWindow >= e.time) return false;
        put(bidder, s);
        return true;
      });
    }
    Open& s = open[e.bidder];
    if (s.count > 0 && e.time > s.last + kWindow) {
      put(e.bidder, s);
      s.count = 0;
    }
    if (s.count++ == 0) s.start = e.time;
    s.last = e.time;
  }
  open.ForEach(put);
}

template <class Writer>
void Q12e(Generator& g, Writer& out) {
  by_hand::Table<std::int64_t> counts;
  std::int64_t end = 0;
  const auto flush = [&] {
    counts.ForEach([&](std::int64_t bidder, std::int64_t n) {
      Put(out, BidderCount{bidder, n, end - kWindow, end});
    });
    counts.Clear();
  };
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type != EventType::kBid) continue;
    if (e.time >= end) [[unlikely]] {
      flush();
      end = e.time / kWindow * kWindow + kWindow;
    }
    ++counts[e.bidder];
  }
  flush();
}

// The table knows where a key's row stands; rows stand in the order of their first bids, so that those in use are near.
// A bid waits for some others while its place in the table is fetched.
template <class Writer>
void Q17(Generator& g, Writer& out) {
  struct DayBid {
    std::int64_t key, auction, price;
    std::int32_t day;
  };
  constexpr std::size_t kWait = 16;
  by_hand::Table<std::uint32_t> index(1 << 16);
  std::vector<DayStats> rows;
  rows.reserve(1 << 21);  // address space: pages come with their first row
  const auto add = [&](const DayBid& bid) {
    std::uint32_t& at = index[bid.key];
    if (at == 0) {
      rows.push_back({bid.auction, bid.day, 0, 0, 0, 0, INT64_MAX, INT64_MIN, 0});
      at = static_cast<std::uint32_t>(rows.size());
    }
    DayStats& s = rows[at - 1];
    ++s.total;
    s.low += bid.price < 10000;
    s.middle += bid.price >= 10000 && bid.price < 1000000;
    s.high += bid.price >= 1000000;
    s.min = std::min(s.min, bid.price);
    s.max = std::max(s.max, bid.price);
    s.sum += bid.price;
    Put(out, s);
  };
  DayBid waiting[kWait];
  std::size_t bids = 0;
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type != EventType::kBid) continue;
    DayBid& place = waiting[bids % kWait];
    if (bids >= kWait) add(place);
    const auto day = static_cast<std::int32_t>(e.time / 86400000);
    place = {e.auction << 20 | day, e.auction, e.price, day};
    index.Prefetch(place.key);
    ++bids;
  }
  for (std::size_t i = bids < kWait ? 0 : bids - kWait; i < bids; ++i) add(waiting[i % kWait]);
}

}  // namespace

template <class Writer>
bool RunByHand(const std::string& query, const GeneratorConfig& config, Writer& out) {
  using Loop = void (*)(const GeneratorConfig&, Writer&);
  static const std::map<std::string_view, Loop> kOwnFiles{
      {"q3", &HandQ3<Writer>},   {"q4", &HandQ4<Writer>},   {"q9", &HandQ9<Writer>},
      {"q18", &HandQ18<Writer>}, {"q19", &HandQ19<Writer>}, {"q20", &HandQ20<Writer>}};
  if (const auto at = kOwnFiles.find(query); at != kOwnFiles.end()) {
    at->second(config, out);
    return true;
  }
  // Called by name: a loop that is inlined here keeps the generator's fields in registers (q5: 12 %).
  Generator g(config);
  if (query == "q0") {
    Q0(g, out);
  } else if (query == "q1") {
    Q1(g, out);
  } else if (query == "q2") {
    Q2(g, out);
  } else if (query == "q5") {
    Q5(g, out);
  } else if (query == "q7") {
    Q7(g, out);
  } else if (query == "q8") {
    Q8(g, out);
  } else if (query == "q11") {
    Q11(g, out);
  } else if (query == "q12e") {
    Q12e(g, out);
  } else if (query == "q17") {
    Q17(g, out);
  } else {
    return false;
  }
  return true;
}

template bool RunByHand(const std::string&, const GeneratorConfig&, RingSink::Writer&);
template bool RunByHand(const std::string&, const GeneratorConfig&, CheckSink::Writer&);

}  // namespace nexmark
