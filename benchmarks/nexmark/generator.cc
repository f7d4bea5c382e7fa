#include "benchmarks/nexmark/generator.h"

#include <cstring>
#include <map>
#include <mutex>

namespace nexmark {
namespace {

constexpr std::string_view kStates[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};
constexpr std::string_view kCities[] = {"Phoenix",  "Los Angeles", "San Francisco", "Boise",
                                        "Portland", "Bend",        "Redmond",       "Seattle",
                                        "Kent",     "Cheyenne"};
constexpr std::string_view kFirst[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                       "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
constexpr std::string_view kLast[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                      "Walton", "Smith",  "Jones",   "Noris"};
constexpr std::string_view kHot[] = {"Google", "Facebook", "Baidu", "Apple"};

// 3..max-1 characters, one in 13 the special one, blanks trimmed at both ends.
std::string_view TextInto(SplittableRandom& random, std::int32_t max, char special, char* buffer) {
  const std::int32_t length = 3 + random.NextInt(max - 3);
  for (std::int32_t i = 0; i < length; ++i) {
    buffer[i] = random.NextInt(13) == 0 ? special : static_cast<char>('a' + random.NextInt(26));
  }
  std::int32_t from = 0, to = length;
  while (from < to && buffer[from] <= ' ') ++from;
  while (to > from && buffer[to - 1] <= ' ') --to;
  return {buffer + from, static_cast<std::size_t>(to - from)};
}

std::string BaseUrl(SplittableRandom& random) {
  std::string url = "https://www.nexmark.com/";
  char buffer[16];
  for (int i = 0; i < 3; ++i) {
    url += TextInto(random, 5, '_', buffer);
    url += '/';
  }
  return url + "item.htm?query=1";
}

std::uint32_t Reverse(std::uint32_t v) {
  std::uint32_t r = 0;
  for (int i = 0; i < 32; ++i) r |= ((v >> i) & 1u) << (31 - i);
  return r;
}

std::unique_ptr<Texts> Make(std::uint64_t seed_bid, std::uint64_t seed_str) {
  auto texts = std::make_unique<Texts>();
  SplittableRandom text(seed_str);
  texts->pool.resize(Texts::kPool);
  std::int32_t v = 0;
  for (int i = 0; i < Texts::kPool; ++i) {
    if (i % 6 == 0) v = static_cast<std::int32_t>(text.NextInt());
    texts->pool[static_cast<std::size_t>(i)] =
        static_cast<char>('a' + v % 26);  // negative remainders too
    v /= 26;
  }
  SplittableRandom random(seed_bid);
  texts->channels.resize(Texts::kChannels + 4);
  texts->urls.resize(Texts::kChannels + 4);
  for (std::size_t i = 0; i < 4; ++i) {
    texts->channels[Texts::kChannels + i] = kHot[i];
    texts->urls[Texts::kChannels + i] = BaseUrl(random);
  }
  for (std::uint32_t i = 0; i < Texts::kChannels; ++i) {
    std::string url = BaseUrl(random);
    if (random.NextInt(10) > 0) {
      // Java's Math.abs keeps the smallest int negative.
      const auto id = static_cast<std::int32_t>(Reverse(i));
      url += "&channel_id=" + std::to_string(id == INT32_MIN ? id : std::abs(id));
    }
    texts->channels[i] = "channel-" + std::to_string(i);
    texts->urls[i] = std::move(url);
  }
  return texts;
}

}  // namespace

const Texts& Texts::For(std::uint64_t seed_bid, std::uint64_t seed_str) {
  static std::mutex mutex;
  static auto& cache =
      *new std::map<std::pair<std::uint64_t, std::uint64_t>, std::unique_ptr<Texts>>();
  std::lock_guard lock(mutex);
  auto& texts = cache[{seed_bid, seed_str}];
  if (texts == nullptr) texts = Make(seed_bid, seed_str);
  return *texts;
}

void Generator::ExtraOf(std::int32_t size, std::int32_t average) {
  if (size > average) {
    event_.extra = {};
    return;
  }
  const std::int32_t d = average - size;
  const auto delta = static_cast<std::int32_t>(std::floor(d * 0.2 + 0.5));
  const std::int32_t length = d - delta + (delta == 0 ? 0 : random_.NextInt(2 * delta));
  Extra(random_.NextInt(Texts::kPool - length), length);
}

void Generator::Person() {
  event_.type = EventType::kPerson;
  event_.id = epoch_ + kFirstId;
  const std::string_view first = kFirst[random_.NextInt(std::size(kFirst))];
  const std::string_view last = kLast[random_.NextInt(std::size(kLast))];
  char(*room)[128] = NextRoom();
  char* name = room[0];
  std::memcpy(name, first.data(), first.size());
  name[first.size()] = ' ';
  std::memcpy(name + first.size() + 1, last.data(), last.size());
  event_.name = {name, first.size() + 1 + last.size()};
  char a[16], d[16];
  const std::string_view account = TextInto(random_, 7, ' ', a);
  const std::string_view domain = TextInto(random_, 5, ' ', d);
  char* email = room[1];
  std::memcpy(email, account.data(), account.size());
  email[account.size()] = '@';
  std::memcpy(email + account.size() + 1, domain.data(), domain.size());
  std::memcpy(email + account.size() + 1 + domain.size(), ".com", 4);
  event_.email = {email, account.size() + 1 + domain.size() + 4};
  char* card = room[2];
  for (int i = 0; i < 4; ++i) {
    const std::int32_t v = random_.NextInt(10000);
    char* p = card + i * 5;
    if (i > 0) p[-1] = ' ';
    p[0] = static_cast<char>('0' + v / 1000);
    p[1] = static_cast<char>('0' + v / 100 % 10);
    p[2] = static_cast<char>('0' + v / 10 % 10);
    p[3] = static_cast<char>('0' + v % 10);
  }
  event_.card = {card, 19};
  event_.city = kCities[random_.NextInt(std::size(kCities))];
  event_.state = kStates[random_.NextInt(std::size(kStates))];
  ExtraOf(static_cast<std::int32_t>(8 + event_.name.size() + event_.email.size() +
                                    event_.card.size() + event_.city.size() + event_.state.size()),
          200);
}

void Generator::Auction(std::int64_t last_auction, std::int64_t number) {
  event_.type = EventType::kAuction;
  event_.id = last_auction + kFirstId;
  event_.seller = (random_.NextInt(4) > 0 ? epoch_ / 100 * 100 : AnyPerson()) + kFirstId;
  event_.category = 10 + random_.NextInt(5);
  event_.initial_bid = Price();
  const std::int64_t horizon = TimeOf(number + kInFlight * kTotal / 3) - event_.time;
  event_.expires = event_.time + 1 + Below(std::max<std::int64_t>(horizon * 2, 1));
  char(*room)[128] = NextRoom();
  event_.item = TextInto(random_, 20, ' ', room[0]);
  event_.description = TextInto(random_, 100, ' ', room[1]);
  event_.reserve = event_.initial_bid + Price();
  ExtraOf(static_cast<std::int32_t>(8 + event_.item.size() + event_.description.size() + 40), 500);
}

}  // namespace nexmark
