// q3 and q20 by hand.
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "benchmarks/nexmark/hand_loops.h"
#include "benchmarks/support/hand_table.h"

namespace nexmark {
namespace {

constexpr std::int64_t kCategory = 10;

bool InThreeStates(const Event& e) {
  return e.state == "OR" || e.state == "ID" || e.state == "CA";
}

/// Texts that are kept for ever: the generator's of persons and auctions are gone with the next event.
class Kept {
 public:
  millrace::String Copy(std::string_view text) {
    if (text.size() > left_) {
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlock));
      at_ = blocks_.back().get();
      left_ = kBlock;
    }
    std::memcpy(at_, text.data(), text.size());
    const std::string_view copy(at_, text.size());
    at_ += text.size();
    left_ -= text.size();
    return View(copy);
  }

 private:
  static constexpr std::size_t kBlock = 1 << 20;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* at_ = nullptr;
  std::size_t left_ = 0;
};

/// Lists of rows that wait for the partner of a key, in one pool.
template <class Row>
class Waiting {
 public:
  /// Puts a row in front of list `*head`; 0 is the empty list.
  void Add(std::uint32_t* head, const Row& row) {
    std::uint32_t at = free_;
    if (at == 0) {
      at = static_cast<std::uint32_t>(pool_.size());
      pool_.push_back({row, *head});
    } else {
      free_ = pool_[at].next;
      pool_[at] = {row, *head};
    }
    *head = at;
  }
  /// Calls `fn(row)` for each and gives the list back.
  template <class F>
  void Take(std::uint32_t* head, F fn) {
    for (std::uint32_t at = std::exchange(*head, 0); at != 0;) {
      fn(pool_[at].row);
      const std::uint32_t next = std::exchange(pool_[at].next, free_);
      free_ = std::exchange(at, next);
    }
  }

 private:
  struct Node {
    Row row;
    std::uint32_t next;
  };
  std::vector<Node> pool_{1};
  std::uint32_t free_ = 0;
};

}  // namespace

template <class Writer>
void HandQ3(const GeneratorConfig& config, Writer& out) {
  Generator g(config);  // here: its fields may stay in registers
  struct Person {
    std::uint32_t seller = 0;  // 1 + place; 0: has not come, or lives elsewhere
    std::uint32_t early = 0;
  };
  by_hand::Table<Person> persons;
  std::vector<Seller> sellers;
  Waiting<std::int64_t> waiting;
  Kept kept;
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type == EventType::kBid) continue;
    if (e.type == EventType::kPerson) {
      if (!InThreeStates(e)) continue;
      Person& p = persons[e.id];
      sellers.push_back({e.id, kept.Copy(e.name), View(e.city), View(e.state)});
      p.seller = static_cast<std::uint32_t>(sellers.size());
      const Seller& s = sellers.back();
      waiting.Take(&p.early, [&](std::int64_t auction) {
        Put(out, LocalAuction{s.name, s.city, s.state, auction});
      });
    } else if (e.category == kCategory) {
      Person& p = persons[e.seller];
      if (p.seller == 0) {
        waiting.Add(&p.early, e.id);
      } else {
        const Seller& s = sellers[p.seller - 1];
        Put(out, LocalAuction{s.name, s.city, s.state, e.id});
      }
    }
  }
}

template <class Writer>
void HandQ20(const GeneratorConfig& config, Writer& out) {
  Generator g(config);  // here: its fields may stay in registers
  struct Auction {
    std::uint32_t row = 0;  // 1 + place; 0: has not come
    std::uint32_t early = 0;
  };
  constexpr std::uint32_t kOther = UINT32_MAX;
  by_hand::Table<Auction> auctions(1 << 16);
  std::vector<FullAuction> rows;
  Waiting<FullBid> waiting;
  Kept kept;
  while (g.HasNext()) {
    const Event& e = g.Next();
    if (e.type == EventType::kBid) [[likely]] {
      Auction& a = auctions[e.auction];
      if (a.row == kOther) continue;
      const FullBid bid = FullBidView(e);
      if (a.row == 0) {
        waiting.Add(&a.early, bid);
      } else {
        Put(out, BidOnAuction{bid, rows[a.row - 1]});
      }
    } else if (e.type == EventType::kAuction) {
      Auction& a = auctions[e.id];
      if (e.category != kCategory) {
        a.row = kOther;
        waiting.Take(&a.early, [](const FullBid&) {});
        continue;
      }
      rows.push_back({e.id, e.time, e.expires, e.initial_bid, e.reserve, e.seller, e.category,
                      kept.Copy(e.item), kept.Copy(e.description), View(e.extra)});
      a.row = static_cast<std::uint32_t>(rows.size());
      waiting.Take(&a.early, [&](const FullBid& bid) { Put(out, BidOnAuction{bid, rows.back()}); });
    }
  }
}

template void HandQ3(const GeneratorConfig&, RingSink::Writer&);
template void HandQ3(const GeneratorConfig&, CheckSink::Writer&);
template void HandQ20(const GeneratorConfig&, RingSink::Writer&);
template void HandQ20(const GeneratorConfig&, CheckSink::Writer&);

}  // namespace nexmark
