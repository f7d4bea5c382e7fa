#pragma once

#include <cstdint>
#include <map>
#include <tuple>

namespace millrace {

/// How much each call site may say: ten lines in a second, counted from the first of them. One thread at a time.
class LogLimiter {
 public:
  using Site = std::tuple<const char*, std::uint32_t, std::uint32_t>;  // file, line, column
  static constexpr int kLines = 10;
  static constexpr std::int64_t kWindowNanos = 1000000000;

  /// True when the site may speak at `now`; then `*held_back` is how often it was refused since it last spoke.
  bool Admit(const Site& site, std::int64_t now, std::uint64_t* held_back) {
    State& state = sites_[site];
    if (state.lines == 0 || now - state.since >= kWindowNanos) {
      state.since = now;
      state.lines = 0;
    }
    if (state.lines == kLines) {
      ++state.refused;
      return false;
    }
    ++state.lines;
    *held_back = state.refused;
    state.refused = 0;
    return true;
  }

 private:
  struct State {
    std::int64_t since = 0;
    int lines = 0;
    std::uint64_t refused = 0;
  };
  std::map<Site, State> sites_;
};

}  // namespace millrace
