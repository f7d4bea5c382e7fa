#pragma once

#include <chrono>
#include <string_view>

#include "benchmarks/nexmark/auction_rows.h"
#include "benchmarks/nexmark/queries.h"
#include "benchmarks/nexmark/source.h"
#include "millrace/millrace.h"

/// What the queries begin with. Texts are views of the generator's, which keeps them until its next poll.
namespace nexmark {

inline auto Events(const QueryConfig& config, millrace::StreamEnvironment& env) {
  using std::chrono_literals::operator""s;
  return env.FromSource("events", NexmarkSource(config.generator, config.splits, config.pace),
                        millrace::WatermarkStrategy<Event>::BoundedOutOfOrderness(4s).WithTimestamp(
                            &Event::time, millrace::Unit::kMilliseconds));
}
inline auto Bids(const QueryConfig& config, millrace::StreamEnvironment& env) {
  return Events(config, env).Filter([](const Event& e) { return e.type == EventType::kBid; });
}
inline auto AuctionsAndBids(const QueryConfig& config, millrace::StreamEnvironment& env) {
  return Events(config, env).Filter([](const Event& e) { return e.type != EventType::kPerson; });
}

/// A text that the generator keeps for a while, and one of its tables, which are there as long as the process (`Texts`).
inline millrace::String ViewOf(std::string_view text) {
  return millrace::String::View(text);
}
inline millrace::String OfTable(std::string_view text) {
  return millrace::String::Static(text);
}

inline FullBid FullBidOf(const Event& e) {
  return {e.auction,      e.bidder,        e.price, e.time, OfTable(e.channel_name),
          OfTable(e.url), OfTable(e.extra)};
}
inline FullAuction FullAuctionOf(const Event& e) {
  return {e.id,     e.time,     e.expires,      e.initial_bid,         e.reserve,
          e.seller, e.category, ViewOf(e.item), ViewOf(e.description), OfTable(e.extra)};
}

}  // namespace nexmark
