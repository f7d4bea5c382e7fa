#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace millrace::test_support {

/// MILLRACE_SEEDS=FACTOR[@FIRST]: FACTOR times as many seeds, from FIRST on (default: from each test's own first).
/// 0@SEED is that one seed alone.
struct SeedOrder {
  double factor = 1;
  std::uint64_t first = 0;  // 0: not given

  static SeedOrder Parse(const char* text) {
    SeedOrder order;
    if (text == nullptr || *text == '\0') return order;
    char* end = nullptr;
    order.factor = std::strtod(text, &end);
    bool good = end != text && order.factor >= 0;
    if (good && *end == '@') {
      const char* first = end + 1;
      order.first = std::strtoull(first, &end, 10);
      good = end != first && order.first > 0;
    }
    if (!good || *end != '\0') {  // a misspelt order must not pass for a long night
      std::fprintf(stderr, "MILLRACE_SEEDS='%s' is not FACTOR or FACTOR@FIRST\n", text);
      std::_Exit(2);
    }
    return order;
  }
};

/// What MILLRACE_SEEDS says.
inline const SeedOrder& OrderOfSeeds() {
  static const SeedOrder order = SeedOrder::Parse(std::getenv("MILLRACE_SEEDS"));
  return order;
}
/// Whether a test runs with all the seeds it was written for. With fewer it need not meet every corner.
inline bool AllSeeds() {
  return OrderOfSeeds().factor >= 1;
}

/// The seeds of a property test: `for (const std::uint64_t seed : Seeds(1, 3000)) ...`. Says which they are; when a
/// seed fails or the process dies, which it was. Ends after a fatal failure.
class Seeds {
 public:
  /// `count` seeds from `first` on, as MILLRACE_SEEDS has it.
  Seeds(std::uint64_t first, std::uint64_t count) : Seeds(first, count, OrderOfSeeds()) {}
  Seeds(std::uint64_t first, std::uint64_t count, const SeedOrder& order)
      : first_(order.first > 0 ? order.first : first),
        end_(first_ + std::max<std::uint64_t>(1, static_cast<std::uint64_t>(
                                                     static_cast<double>(count) * order.factor))) {
    std::printf("seeds %s to %s\n", std::to_string(first_).c_str(),
                std::to_string(end_ - 1).c_str());
    SayAtDeath();
  }
  ~Seeds() { Running().store(0); }
  Seeds(const Seeds&) = delete;
  Seeds& operator=(const Seeds&) = delete;

  class Iterator {
   public:
    explicit Iterator(std::uint64_t seed) : seed_(seed) {}
    std::uint64_t operator*() const {
      Running().store(seed_);
      return seed_;
    }
    Iterator& operator++() {
      if (::testing::Test::HasFailure()) Say();
      ++seed_;
      return *this;
    }
    bool operator!=(const Iterator& end) const {
      return seed_ != end.seed_ && !::testing::Test::HasFatalFailure();
    }

   private:
    std::uint64_t seed_;
  };
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(end_); }

 private:
  static std::atomic<std::uint64_t>& Running() {
    static std::atomic<std::uint64_t> seed{0};
    return seed;
  }
  static void Say() {
    const auto seed = static_cast<unsigned long long>(Running().load());
    if (seed != 0) std::fprintf(stderr, "failed by now: the seed at hand is %llu\n", seed);
  }
  static void SayAtDeath() {
    if (__sanitizer_set_death_callback != nullptr) {
      __sanitizer_set_death_callback(&Say);
    } else {  // a failed check, a bad access
      for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL}) {
        std::signal(number, [](int n) {
          Say();
          std::signal(n, SIG_DFL);
          std::raise(n);
        });
      }
    }
  }
  const std::uint64_t first_, end_;
};

}  // namespace millrace::test_support
