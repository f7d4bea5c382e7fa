#include "millrace/state/state_meter.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "millrace/io/value_traits.h"

namespace millrace {
namespace {

TEST(StateMeter, ChargesWhatGrowsAndMeasuresBeforeItFails) {
  MemoryAccount memory(10 << 20);
  std::uint64_t really = 0;
  int measured = 0;
  {
    StateMeter meter(&memory, [&] {
      ++measured;
      return really;
    });
    for (int i = 0; i < 9 * 1024; ++i) meter.Grow(1024);
    EXPECT_NEAR(static_cast<double>(memory.used(MemoryUse::kState)), 9e6, 1e6);
    EXPECT_EQ(measured, 0);
    really = 1 << 20;  // what was known was too much
    for (int i = 0; i < 2 * 1024; ++i) meter.Grow(1024);
    EXPECT_EQ(measured, 1);
    EXPECT_LT(memory.used(), 3 << 20);
    really = 11 << 20;
    try {
      for (int i = 0; i < 20 * 1024; ++i) meter.Grow(1024);
      FAIL() << "more than the memory";
    } catch (const MemoryExceeded& e) {
      EXPECT_EQ(std::string(e.what()),
                "out of memory: state: it does not fit into -D memory=10MiB, of which 11 MiB are "
                "used by state; raise -D memory, or keep less (windows and timers that end, state "
                "that is cleared, fewer keys)");
    }
    meter.Grow(-(30 << 20));  // never below nothing
    EXPECT_GE(memory.used(), 0);
  }
  EXPECT_EQ(memory.used(), 0) << "what was charged is given back";
}

TEST(StateMeter, BatchesOfOthersAreNoFaultOfState) {
  MemoryAccount memory(10 << 20);
  memory.Charge(MemoryUse::kBatches, 30 << 20);
  EXPECT_TRUE(memory.tight());
  EXPECT_NO_THROW(memory.RequireRoom(MemoryUse::kState, 4 << 20));
  EXPECT_THROW(memory.RequireRoom(MemoryUse::kState, 6 << 20), MemoryExceeded);
}

TEST(StateMeter, AsksTheProcessNowAndThen) {
  MemoryAccount memory(64 << 20);
  int measured = 0;
  StateMeter meter(&memory, [&] {
    ++measured;
    return std::uint64_t{0};
  });
  meter.OnInput(2 << 20);  // the first look: the process has memory
  EXPECT_EQ(measured, 1);
  for (int i = 0; i < 1000; ++i) meter.OnInput(1 << 10);
  for (int i = 0; i < 100; ++i) meter.OnInput(2 << 20);
  EXPECT_LE(measured, 2) << "the process has not grown";
  std::vector<std::string> taken;
  for (int i = 0; i < 64; ++i) taken.emplace_back(1 << 20, 'x');
  meter.OnInput(2 << 20);
  EXPECT_GE(measured, 2);
}

TEST(HeldBytes, AreWhatIsAllocated) {
  EXPECT_EQ(HeldBytes(5), 0u);
  EXPECT_EQ(HeldBytes(std::string("short")), 0u);
  EXPECT_EQ(HeldBytes(std::string(100, 'x')), 101u);
  std::vector<std::int64_t> numbers{1, 2, 3};
  numbers.reserve(10);
  EXPECT_EQ(HeldBytes(numbers), 80u);
  EXPECT_EQ(HeldBytes(std::vector<std::string>{std::string(100, 'x')}), sizeof(std::string) + 101);
  EXPECT_GE(HeldBytes(std::map<int, std::string>{{1, std::string(100, 'x')}}), 101u + 32);
  EXPECT_EQ(HeldBytes(std::pair<int, std::string>(1, std::string(100, 'x'))), 101u);
  EXPECT_FALSE(internal::HoldsElements<std::string>());
  EXPECT_TRUE((internal::HoldsElements<std::pair<int, std::vector<int>>>()));
}

}  // namespace
}  // namespace millrace
