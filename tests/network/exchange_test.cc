// Channels between two workers, over a pair of sockets in one process.
#include "runtime/network/exchange.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "millrace/base/clock.h"
#include "millrace/base/random.h"
#include "millrace/io/record.h"
#include "runtime/task/parker.h"

namespace millrace {
namespace {

struct Row {
  std::int64_t value = 0;
  std::string text;
};
MILLRACE_RECORD(Row, value, text);

struct Waiter {  // a slot's thread, waiting for its inputs
  /// False when `condition` is not met within ten seconds.
  template <class Condition>
  bool Until(Condition condition) {
    constexpr std::int64_t kPatience = std::int64_t{10} * 1000000000;
    const std::int64_t end = SystemClock::Get().NowNanos() + kPatience;
    while (!condition()) {
      parker.Prepare();
      if (condition()) {
        parker.Cancel();
        return true;
      }
      const std::int64_t left = end - SystemClock::Get().NowNanos();
      if (left <= 0) return false;
      parker.Sleep(left);
    }
    return true;
  }
  Parker parker;
};

class ExchangeTest : public ::testing::Test {
 protected:
  ExchangeTest() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    a_ = std::make_unique<Exchange>(std::vector<int>{-1, fds[0]}, Note());
    b_ = std::make_unique<Exchange>(std::vector<int>{fds[1], -1}, Note());
  }
  Exchange::OnFailure Note() {
    return [this](const Status& status) {
      {
        const std::lock_guard lock(mutex_);
        failures_.push_back(status.message());
      }
      failed_.parker.Wake();
    };
  }
  RemoteChannelOptions Options(std::uint32_t channel) {
    RemoteChannelOptions options;
    options.channel = channel;
    options.type = &BatchTypeOf<Row>();
    options.batch_rows = 4;
    options.credits = 4;
    options.memory = &memory_;
    return options;
  }
  void Start() {
    a_->Start();
    b_->Start();
  }
  std::vector<std::string> failures() {
    const std::lock_guard lock(mutex_);
    return failures_;
  }

  MemoryAccount memory_{std::int64_t{1} << 30};
  Waiter producer_, consumer_, failed_;
  std::mutex mutex_;
  std::vector<std::string> failures_;  // guarded by mutex_
  std::unique_ptr<Exchange> a_, b_;
};

void Fill(OutputChannel& channel, std::int64_t value, const std::string& text) {
  Batch* batch = channel.TakeOverdraft();
  batch->rows_as<Row>()[0] = {value, text};
  batch->size = 1;
  channel.Push(batch);
}

TEST_F(ExchangeTest, WhatIsSentArrivesInOrderAndTheCreditsComeBack) {
  OutputChannel* out = a_->AddOutput(1, Options(7), &producer_.parker);
  InputChannel* in = b_->AddInput(0, Options(7), &consumer_.parker);
  Start();
  const std::string text(100000, 'x');  // more than a socket takes at once
  for (int i = 0; i < 50; ++i) Fill(*out, i, text);
  out->PushControl({Element::Kind::kWatermark, nullptr, 42});
  out->PushControl({Element::Kind::kIdle, nullptr, 0});
  out->PushControl({Element::Kind::kBarrier, nullptr, 3});
  out->PushControl({Element::Kind::kEnd, nullptr, 0});
  EXPECT_FALSE(out->HasCredit());
  EXPECT_FALSE(out->ConsumerStarves());
  Element element;
  const auto next = [&] { return consumer_.Until([&] { return in->Pop(&element); }); };
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(next());
    ASSERT_EQ(element.kind, Element::Kind::kBatch);
    ASSERT_EQ(element.batch->size, 1U);
    EXPECT_EQ(element.batch->rows_as<Row>()[0].value, i);
    EXPECT_EQ(element.batch->rows_as<Row>()[0].text, text);
    in->Return(element.batch);
  }
  ASSERT_TRUE(next());
  EXPECT_EQ(element.kind, Element::Kind::kWatermark);
  EXPECT_EQ(element.value, 42);
  ASSERT_TRUE(next());
  EXPECT_EQ(element.kind, Element::Kind::kIdle);
  ASSERT_TRUE(next());
  EXPECT_EQ(element.kind, Element::Kind::kBarrier);
  EXPECT_EQ(element.value, 3);
  ASSERT_TRUE(next());
  EXPECT_EQ(element.kind, Element::Kind::kEnd);
  EXPECT_TRUE(producer_.Until([&] { return out->HasCredit() && out->ConsumerStarves(); }));
  EXPECT_EQ(memory_.used(MemoryUse::kNetwork), 0);
  EXPECT_EQ(failures(), std::vector<std::string>());
}

/// One worker's end of a channel to the other and of one from it.
struct Ends {
  static constexpr std::int64_t kBatches = 2000;
  OutputChannel* out;
  InputChannel* in;
  std::int64_t sent = 0, got = 0;
  bool ended = false;

  bool done() const { return sent == kBatches && ended; }
  /// Sends and reads as much as it can. False when that was nothing.
  bool Turn(Random& random) {
    bool progress = false;
    for (; sent < kBatches && out->HasCredit(); progress = true) {
      Fill(*out, sent++, std::string(random.Uniform(5000), 'y'));
      if (sent == kBatches) out->PushControl({Element::Kind::kEnd, nullptr, 0});
    }
    Element element;
    for (; !ended && in->Pop(&element); progress = true) {
      ended = element.kind == Element::Kind::kEnd;
      if (ended) continue;
      EXPECT_EQ(element.batch->rows_as<Row>()[0].value, got++);
      in->Return(element.batch);
    }
    return progress;
  }
};

/// A slot that has all of them to do.
bool RunSlot(std::vector<Ends>& ends, Waiter& waiter, std::uint64_t seed) {
  Random random(seed);
  return waiter.Until([&] {
    bool progress = true, done = false;
    while (progress && !done) {
      progress = false;
      done = true;
      for (Ends& e : ends) {
        progress |= e.Turn(random);
        done &= e.done();
      }
    }
    return done;
  });
}

TEST_F(ExchangeTest, ManyChannelsBothWaysUnderLittleCredit) {
  constexpr std::uint32_t kChannels = 5;
  Waiter waiters[2];
  std::vector<Ends> ends[2];
  for (std::uint32_t c = 0; c < 2 * kChannels; c += 2) {
    Waker* w0 = &waiters[0].parker;
    Waker* w1 = &waiters[1].parker;
    ends[0].push_back({a_->AddOutput(1, Options(c), w0), a_->AddInput(1, Options(c + 1), w0)});
    ends[1].push_back({b_->AddOutput(0, Options(c + 1), w1), b_->AddInput(0, Options(c), w1)});
  }
  Start();
  bool other = false;
  std::thread thread([&] { other = RunSlot(ends[1], waiters[1], 2); });
  EXPECT_TRUE(RunSlot(ends[0], waiters[0], 1));
  thread.join();
  a_.reset();  // they wake the waiters
  b_.reset();
  EXPECT_TRUE(other);
  for (const auto& side : ends) {
    for (const Ends& e : side) EXPECT_EQ(e.got, Ends::kBatches);
  }
  EXPECT_EQ(failures(), std::vector<std::string>());
}

TEST_F(ExchangeTest, StopWritesWhatWasSent) {
  OutputChannel* out = a_->AddOutput(1, Options(0), &producer_.parker);
  InputChannel* in = b_->AddInput(0, Options(0), &consumer_.parker);
  Start();
  const std::string text(1000000, 'x');
  for (int i = 0; i < 20; ++i) Fill(*out, i, text);
  out->PushControl({Element::Kind::kEnd, nullptr, 0});
  a_.reset();
  Element element;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(consumer_.Until([&] { return in->Pop(&element); }));
    in->Return(element.batch);
  }
  ASSERT_TRUE(consumer_.Until([&] { return in->Pop(&element); }));
  EXPECT_EQ(element.kind, Element::Kind::kEnd);
}

TEST_F(ExchangeTest, SendingToOneThatIsGoneDoesNotWait) {
  OutputChannel* out = a_->AddOutput(1, Options(0), &producer_.parker);
  b_.reset();
  a_->Start();
  const std::string text(1000000, 'x');
  for (int i = 0; i < 20; ++i) Fill(*out, i, text);
  a_->Stop();
  EXPECT_EQ(failures(), std::vector<std::string>());
}

TEST_F(ExchangeTest, APeerThatSendsNoFramesIsReported) {
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  Exchange exchange({-1, fds[0]}, Note());
  exchange.Start();
  const std::string junk(100, '?');
  ASSERT_EQ(write(fds[1], junk.data(), junk.size()), static_cast<ssize_t>(junk.size()));
  EXPECT_TRUE(failed_.Until([&] { return !failures().empty(); }));
  ASSERT_EQ(failures().size(), 1U);
  EXPECT_EQ(failures()[0].substr(0, 12), "read a frame");
  close(fds[1]);
}

}  // namespace
}  // namespace millrace
