#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/nexmark/splittable_random.h"

namespace nexmark {

enum class EventType : std::int32_t { kPerson, kAuction, kBid };

/// The event at hand. Texts of bids, cities and states are views of immortal tables; the other texts of persons
/// and auctions are valid for `Generator::kTextsLast` events.
struct Event {
  EventType type = EventType::kBid;
  std::int32_t channel = 0;
  std::int64_t time = 0;  // milliseconds since the epoch
  std::string_view extra;
  // Bid.
  std::int64_t auction = 0, bidder = 0, price = 0;
  std::string_view channel_name, url;
  // Person and auction.
  std::int64_t id = 0;
  std::string_view name, email, card, city, state;
  std::string_view item, description;
  std::int64_t initial_bid = 0, reserve = 0, expires = 0, seller = 0, category = 0;
};

struct GeneratorConfig {
  std::uint64_t seed_gen = 42, seed_bid = 43, seed_str = 44;
  std::int64_t tps = 100000;
  int generators = 1;
  std::int64_t first_event_id = 1;
  std::int64_t max_events = 0;

  /// Split `index` of `n`: a contiguous block of event ids with a time line of its own.
  static GeneratorConfig Split(const GeneratorConfig& whole, int n, int index) {
    GeneratorConfig c = whole;
    const std::int64_t each = whole.max_events / n;
    c.max_events = index == n - 1 ? whole.max_events - each * (n - 1) : each;
    c.seed_gen += static_cast<std::uint64_t>(index);
    c.generators = n;
    c.first_event_id = 1 + each * index;
    return c;
  }
};

/// The texts that all events share, made from two seeds; immutable.
struct Texts {
  static constexpr int kPool = 1 << 20;
  static constexpr int kChannels = 10000;
  std::string pool;
  std::vector<std::string> channels, urls;
  /// Kept for the life of the process: views of it never dangle.
  static const Texts& For(std::uint64_t seed_bid, std::uint64_t seed_str);
};

/// The Nexmark generator, bit-identical to baseline/flink's NexmarkGenerator.java.
class Generator {
 public:
  static constexpr std::int64_t kBaseTime = 1700000000000;
  static constexpr std::uint32_t kTextsLast = 1024;

  explicit Generator(const GeneratorConfig& config)
      : random_(config.seed_gen),
        texts_(&Texts::For(config.seed_bid, config.seed_str)),
        first_event_id_(config.first_event_id),
        max_events_(config.max_events),
        delay_us_(1000000.0 / static_cast<double>(config.tps) * config.generators) {
    const std::int64_t first = first_event_id_ + 1;
    epoch_ = first / kTotal;
    rem_ = static_cast<std::int32_t>(first % kTotal);
  }

  bool HasNext() const { return count_ < max_events_; }
  std::int64_t emitted() const { return count_; }
  const Event& event() const { return event_; }

  const Event& Next() {
    const std::int64_t number = ++count_;
    event_.time = TimeOf(number);
    if (rem_ > 3) [[likely]] {
      Bid();
    } else if (rem_ == 0) {
      Person();
    } else {
      Auction(epoch_ * 3 + rem_ - 1, number);
    }
    if (++rem_ == kTotal) {
      rem_ = 0;
      ++epoch_;
    }
    return event_;
  }
  /// Goes on at event `n`, by making the events before it.
  void SkipTo(std::int64_t n) {
    while (count_ < n) Next();
  }

 private:
  static constexpr std::int32_t kTotal = 50;
  static constexpr std::int64_t kFirstId = 1000;
  static constexpr std::int64_t kInFlight = 100;
  static constexpr std::int64_t kActivePeople = 1000;
  static constexpr std::int64_t kLead = 10;

  std::int64_t TimeOf(std::int64_t number) const {
    return kBaseTime + static_cast<std::int64_t>(static_cast<double>(number) * delay_us_) / 1000;
  }
  std::int64_t Below(std::int64_t n) {
    if (n < INT32_MAX) return random_.NextInt(static_cast<std::int32_t>(n));
    return std::abs(static_cast<std::int64_t>(random_.NextLong()) % n);
  }
  std::int64_t Price() {
    return static_cast<std::int64_t>(
        std::floor(std::pow(10.0, random_.NextDouble() * 6.0) * 100.0 + 0.5));
  }
  std::int64_t AnyPerson() {
    const std::int64_t people = epoch_ + 1;
    const std::int64_t active = std::min(people, kActivePeople);
    return people - active + Below(active + kLead);
  }
  void Extra(std::int32_t offset, std::int32_t length) {
    event_.extra = std::string_view(texts_->pool.data() + offset, static_cast<std::size_t>(length));
  }
  void Bid() {
    const std::int64_t last_auction = epoch_ * 3 + 2;
    event_.type = EventType::kBid;
    std::int64_t auction = 0;
    if (random_.NextInt(2) > 0) {
      auction = last_auction / 100 * 100;
    } else {
      const std::int64_t min = std::max<std::int64_t>(last_auction - kInFlight, 0);
      const std::int64_t span = last_auction - min + 1 + kLead;
      // A constant bound but at the very start: no division.
      auction = min + (span == kInFlight + 1 + kLead ? random_.NextInt(kInFlight + 1 + kLead)
                                                     : Below(span));
    }
    event_.auction = auction + kFirstId;
    std::int64_t bidder = 0;
    if (random_.NextInt(4) > 0) {
      bidder = epoch_ / 100 * 100 + 1;
    } else if (epoch_ + 1 >= kActivePeople) {
      bidder = epoch_ + 1 - kActivePeople + random_.NextInt(kActivePeople + kLead);
    } else {
      bidder = AnyPerson();
    }
    event_.bidder = bidder + 2 * kFirstId;
    event_.price = Price();
    const std::int32_t channel = random_.NextInt(2) > 0 ? Texts::kChannels + random_.NextInt(4)
                                                        : random_.NextInt(Texts::kChannels);
    event_.channel = channel;
    event_.channel_name = texts_->channels[static_cast<std::size_t>(channel)];
    event_.url = texts_->urls[static_cast<std::size_t>(channel)];
    // 100 on average, 32 of them counted already: 68, of which 14 either way.
    const std::int32_t length = 68 - 14 + random_.NextInt(28);
    Extra(random_.NextInt(Texts::kPool - length), length);
  }
  void Person();
  void Auction(std::int64_t last_auction, std::int64_t number);
  void ExtraOf(std::int32_t size, std::int32_t average);
  std::string_view Text(std::int32_t max, char* buffer);

  SplittableRandom random_;
  const Texts* texts_;
  std::int64_t first_event_id_;
  std::int64_t max_events_;
  double delay_us_;
  std::int64_t count_ = 0;
  std::int64_t epoch_ = 0;
  std::int32_t rem_ = 0;
  Event event_;
  /// Room for the texts of as many persons and auctions as come in kTextsLast events, four of fifty.
  static constexpr std::size_t kRooms = 128;
  char (*NextRoom())[128] { return rooms_[room_++ % kRooms]; }
  std::size_t room_ = 0;
  char rooms_[kRooms][3][128];
};

}  // namespace nexmark
