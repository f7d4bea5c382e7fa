#pragma once

#include <cstdint>
#include <string_view>

#include "benchmarks/nexmark/auction_rows.h"
#include "benchmarks/nexmark/generator.h"
#include "benchmarks/nexmark/sinks.h"

/// The hand-written loops that have files of their own: hand_joins.cc, hand_winning_bids.cc, hand_top_n.cc; and what the
/// loops share.
namespace nexmark {

template <class Row, class Writer>
inline void Put(Writer& out, const Row& row) {
  out.Write(row, millrace::EventTime::Min());
}
inline millrace::String View(std::string_view text) {
  return millrace::String::View(text);
}
/// Its texts are the generator's immortal ones.
inline FullBid FullBidView(const Event& e) {
  return {e.auction, e.bidder, e.price, e.time, View(e.channel_name), View(e.url), View(e.extra)};
}

template <class Writer>
void HandQ3(const GeneratorConfig& config, Writer& out);
template <class Writer>
void HandQ4(const GeneratorConfig& config, Writer& out);
template <class Writer>
void HandQ9(const GeneratorConfig& config, Writer& out);
template <class Writer>
void HandQ18(const GeneratorConfig& config, Writer& out);
template <class Writer>
void HandQ19(const GeneratorConfig& config, Writer& out);
template <class Writer>
void HandQ20(const GeneratorConfig& config, Writer& out);

}  // namespace nexmark
