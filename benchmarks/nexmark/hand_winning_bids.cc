// q4 and q9 by hand. Time does not go back within a split: an auction is closed when its expiry is past, and of the bids
// that come before their auction only those of its very millisecond can be for it.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "benchmarks/nexmark/hand_loops.h"
#include "benchmarks/support/hand_table.h"

namespace nexmark {
namespace {

/// The auctions that are open, or that have bids but have not come yet. `Auction` is what is kept of one, `Bid` of its best
/// bid.
template <class Auction, class Bid>
class OpenAuctions {
 public:
  struct Open {
    std::int64_t id = 0;
    std::int64_t expires = kNotCome;
    std::int64_t price = kNoBid;
    std::int64_t price_time = 0;
    Auction auction;
    Bid bid;
  };

  /// `fill(bid&)` is called for a bid that is the best so far.
  template <class Fill>
  void OnBid(const Event& e, Fill fill) {
    Open& open = Of(e.auction);
    if (open.expires == kNotCome) {
      if (e.time != open.price_time) open.price = kNoBid;  // of an earlier millisecond
    } else if (e.time > open.expires) {
      return;
    }
    if (e.price <= open.price) return;
    open.price = e.price;
    open.price_time = e.time;
    fill(open.bid);
  }
  template <class Fill, class Close>
  void OnAuction(const Event& e, Fill fill, Close close) {
    if (open_.size() - free_.size() >= limit_) Sweep(e.time, close);
    Open& open = Of(e.id);
    if (open.price_time != e.time) open.price = kNoBid;
    open.expires = e.expires;
    fill(open.auction);
  }
  /// Calls `close(open)` for what is past at `now` and has a bid, and forgets it.
  template <class Close>
  void Sweep(std::int64_t now, Close close) {
    for (std::uint32_t i = 0; i < open_.size(); ++i) {
      Open& open = open_[i];
      if (open.id == 0) continue;
      if (open.expires == kNotCome ? open.price_time >= now : open.expires >= now) continue;
      if (open.expires != kNotCome && open.price != kNoBid) close(open);
      index_.Erase(open.id);
      open.id = 0;
      free_.push_back(i);
    }
    limit_ = std::max(kLeast, 2 * (open_.size() - free_.size()));
  }

 private:
  static constexpr std::int64_t kNotCome = INT64_MAX;
  static constexpr std::int64_t kNoBid = -1;
  static constexpr std::size_t kLeast = 512;

  Open& Of(std::int64_t id) {
    std::uint32_t& at = index_[id];
    if (at == 0) [[unlikely]]
      at = New(id);
    return open_[at - 1];
  }
  std::uint32_t New(std::int64_t id) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(open_.size()));
      open_.emplace_back();
    }
    const std::uint32_t at = free_.back();
    free_.pop_back();
    Open& open = open_[at];
    open.id = id;
    open.expires = kNotCome;
    open.price = kNoBid;
    open.price_time = INT64_MIN;
    return at + 1;
  }

  by_hand::Table<std::uint32_t> index_;  // 1 + place
  std::vector<Open> open_;
  std::vector<std::uint32_t> free_;
  std::size_t limit_ = kLeast;
};

}  // namespace

template <class Writer>
void HandQ4(const GeneratorConfig& config, Writer& out) {
  Generator g(config);  // here: its fields may stay in registers
  struct Nothing {};
  struct Sum {
    std::int64_t sum = 0, count = 0;
  };
  OpenAuctions<std::int64_t, Nothing> auctions;  // the category
  by_hand::Table<Sum> sums;
  const auto close = [&](const auto& open) {
    Sum& s = sums[open.auction];
    s.sum += open.price;
    ++s.count;
    Put(out, CategoryPrice{open.auction, s.sum / s.count});
  };
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type == EventType::kBid) [[likely]] {
      auctions.OnBid(e, [](Nothing&) {});
    } else if (e.type == EventType::kAuction) {
      auctions.OnAuction(e, [&](std::int64_t& category) { category = e.category; }, close);
    }
  }
  auctions.Sweep(INT64_MAX, close);
}

template <class Writer>
void HandQ9(const GeneratorConfig& config, Writer& out) {
  Generator g(config);  // here: its fields may stay in registers
  struct Auction {
    std::int64_t time = 0, initial_bid = 0, reserve = 0, seller = 0, category = 0;
    std::string item, description;  // the generator's are gone with the next event
    std::string_view extra;
  };
  struct Bid {
    std::int64_t bidder = 0;
    std::string_view extra;
  };
  OpenAuctions<Auction, Bid> auctions;
  const auto close = [&](const auto& open) {
    const Auction& a = open.auction;
    const Bid& b = open.bid;
    Put(out, WonAuction{{open.id, a.time, open.expires, a.initial_bid, a.reserve, a.seller,
                         a.category, View(a.item), View(a.description), View(a.extra)},
                        {open.id, b.bidder, open.price, open.price_time, View(b.extra)}});
  };
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type == EventType::kBid) [[likely]] {
      auctions.OnBid(e, [&](Bid& bid) { bid = {e.bidder, e.extra}; });
    } else if (e.type == EventType::kAuction) {
      const auto fill = [&](Auction& a) {
        a.time = e.time;
        a.initial_bid = e.initial_bid;
        a.reserve = e.reserve;
        a.seller = e.seller;
        a.category = e.category;
        a.item = e.item;
        a.description = e.description;
        a.extra = e.extra;
      };
      auctions.OnAuction(e, fill, close);
    }
  }
  auctions.Sweep(INT64_MAX, close);
}

template void HandQ4(const GeneratorConfig&, RingSink::Writer&);
template void HandQ4(const GeneratorConfig&, CheckSink::Writer&);
template void HandQ9(const GeneratorConfig&, RingSink::Writer&);
template void HandQ9(const GeneratorConfig&, CheckSink::Writer&);

}  // namespace nexmark
