#include "benchmarks/nexmark/generator.h"

#include <gtest/gtest.h>

#include "benchmarks/nexmark/checksum.h"

namespace nexmark {
namespace {

// FNV-1a over type tag, longs (little endian) and text bytes: GeneratorCheck.java.
std::uint64_t HashOf(std::int64_t events, std::int64_t tps, int generators, std::uint64_t gen,
                     std::uint64_t bid, std::uint64_t str) {
  GeneratorConfig config;
  config.seed_gen = gen;
  config.seed_bid = bid;
  config.seed_str = str;
  config.tps = tps;
  config.generators = generators;
  config.max_events = events;
  Generator g(config);
  std::uint64_t h = 0xcbf29ce484222325ULL;
  const auto num = [&h](std::int64_t v) { h = Fnv1a({reinterpret_cast<const char*>(&v), 8}, h); };
  const auto text = [&h](std::string_view t) { h = Fnv1a(t, h); };
  while (g.HasNext()) {
    const Event& e = g.Next();
    num(static_cast<std::int64_t>(e.type));
    if (e.type == EventType::kPerson) {
      num(e.id);
      for (const auto t : {e.name, e.email, e.card, e.city, e.state}) text(t);
      num(e.time);
    } else if (e.type == EventType::kAuction) {
      num(e.id);
      text(e.item);
      text(e.description);
      for (const auto v : {e.initial_bid, e.reserve, e.time, e.expires, e.seller, e.category})
        num(v);
    } else {
      for (const auto v : {e.auction, e.bidder, e.price}) num(v);
      text(e.channel_name);
      text(e.url);
      num(e.time);
    }
    text(e.extra);
  }
  return h;
}

TEST(GeneratorHash, IsBitIdenticalToTheReference) {
  EXPECT_EQ(HashOf(1000, 10000, 1, 42, 43, 44), 0x438261b00c379e62u);
  EXPECT_EQ(HashOf(1000000, 10000, 1, 42, 43, 44), 0x26e47cdb22c9245cu);
  EXPECT_EQ(HashOf(1000000, 10000000, 8, 42, 43, 44), 0x514a138223b96037u);
  EXPECT_EQ(HashOf(3000000, 100000, 8, 42, 43, 44), 0x03fcf7099b5f2ac9u);
  EXPECT_EQ(HashOf(2000000, 10000000, 2, 7, 8, 9), 0x9190ca0a79e235ebu);
}

TEST(GeneratorHash, IsBitIdenticalOverThirtyMillionEvents) {
  EXPECT_EQ(HashOf(30000000, 100000, 1, 42, 43, 44), 0x431e9d6605d06c36u);
}

}  // namespace
}  // namespace nexmark
