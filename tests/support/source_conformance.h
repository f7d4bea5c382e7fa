#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/base/clock.h"
#include "millrace/base/random.h"
#include "millrace/io/codec.h"
#include "millrace/operators/source/source_api.h"
#include "tests/support/seeds.h"

/// What every source has to keep. To run it on one write a subject and
///   INSTANTIATE_TYPED_TEST_SUITE_P(MySource, SourceConformance, MySubject);
/// A subject is a source of at most some hundred records, each of which it knows by a text:
///   using Source;
///   Source MakeSource();                                            the same each time
///   static std::optional<std::string> TextOf(const Record&);        none: does not count
///   std::vector<std::string> Expected();                            the texts, in any order
namespace millrace::test_support {

/// A split that is being read, as a subtask would: it gives texts.
template <class Subject>
class SplitReading {
 public:
  using Source = typename Subject::Source;
  using Split = typename Source::Split;
  using Reader = decltype(std::declval<const Source&>().OpenSplit(
      std::declval<const Split&>(), std::declval<const ReaderContext&>()));

  SplitReading(const Source& source, const std::string& split, ManualClock* clock) : clock_(clock) {
    Split decoded;
    ByteReader in(split);
    EXPECT_TRUE(Decode(in, decoded) && in.AtEnd()) << "a split that is not read back";
    ReaderContext context;
    context.source_name = "source";
    context.clock = clock;
    reader_.emplace(source.OpenSplit(decoded, context));
  }
  /// One poll; false when the split has ended. Time passes until there may be more.
  bool Poll(std::uint32_t max_rows, std::vector<std::string>* texts) {
    Out out{texts};
    const PollResult result = reader_->Poll(out, max_rows);
    if (result.status == PollStatus::kWaiting) {
      EXPECT_NE(result.wake_at, INT64_MAX);
      clock_->AdvanceNanos(std::max<std::int64_t>(result.wake_at - clock_->NowNanos(), 0));
    }
    return result.status != PollStatus::kEnd;
  }
  std::string Position() const {
    ByteWriter out;
    Encode(reader_->Position(), out);
    return std::string(out.view());
  }

 private:
  struct Out {
    std::vector<std::string>* texts;
    template <class T>
    void Emit(T&& record, EventTime = EventTime::Min()) {
      const auto text = Subject::TextOf(record);
      if (text.has_value()) texts->push_back(*text);
    }
    void CountSkipped() {}
    template <class S>
    void EmitSide(S&&) {}
  };
  ManualClock* clock_;
  std::optional<Reader> reader_;
};

/// A job of which nothing but the source is there: an enumerator, and subtasks that read the splits they are given.
template <class Subject>
class SourceRun {
 public:
  /// What a checkpoint has of it.
  struct Checkpoint {
    std::string enumerator;
    std::vector<std::string> positions;  // of splits that are being read
  };

  SourceRun(const typename Subject::Source& source, int parallelism, ManualClock* clock,
            const Checkpoint* restore = nullptr)
      : source_(source), clock_(clock), subtasks_(static_cast<std::size_t>(parallelism)) {
    enumerator_ = source_.CreateEnumerator(parallelism);
    if (restore == nullptr) return;
    EXPECT_TRUE(enumerator_->Restore(restore->enumerator));
    for (std::size_t i = 0; i < restore->positions.size(); ++i)
      subtasks_[i % subtasks_.size()].splits.push_back(Open(restore->positions[i]));
  }
  bool finished() const {
    return std::all_of(subtasks_.begin(), subtasks_.end(),
                       [](const Subtask& s) { return s.no_more && s.splits.empty(); });
  }
  /// Some subtask does something.
  void Step(Random& random, std::vector<std::string>* texts) {
    const std::uint64_t number = random.Uniform(subtasks_.size());
    Subtask& subtask = subtasks_[number];
    if (subtask.splits.empty()) {
      if (subtask.no_more) return;
      for (const std::string& split :
           enumerator_->Assign(static_cast<int>(number), &subtask.no_more))
        subtask.splits.push_back(Open(split));
      return;
    }
    const auto at = static_cast<std::ptrdiff_t>(random.Uniform(subtask.splits.size()));
    const auto split = subtask.splits.begin() + at;
    if (!(*split)->Poll(1 + static_cast<std::uint32_t>(random.Uniform(20)), texts))
      subtask.splits.erase(split);
  }
  Checkpoint Take() const {
    Checkpoint checkpoint{enumerator_->Snapshot(), {}};
    for (const Subtask& subtask : subtasks_) {
      for (const auto& split : subtask.splits) checkpoint.positions.push_back(split->Position());
    }
    return checkpoint;
  }

 private:
  struct Subtask {
    std::vector<std::unique_ptr<SplitReading<Subject>>> splits;
    bool no_more = false;
  };
  std::unique_ptr<SplitReading<Subject>> Open(const std::string& split) {
    return std::make_unique<SplitReading<Subject>>(source_, split, clock_);
  }

  typename Subject::Source source_;
  ManualClock* clock_;
  std::unique_ptr<SplitEnumerator> enumerator_;
  std::vector<Subtask> subtasks_;
};

template <class Subject>
class SourceConformance : public ::testing::Test {
 protected:
  using Run = SourceRun<Subject>;
  using Texts = std::vector<std::string>;

  static Texts Sorted(Texts texts) {
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  Texts Expected() { return Sorted(subject_.Expected()); }
  /// All splits that there are.
  std::vector<std::string> Splits(int parallelism) {
    std::vector<std::string> splits;
    const auto enumerator = subject_.MakeSource().CreateEnumerator(parallelism);
    for (int subtask = 0; subtask < parallelism; ++subtask) {
      for (bool no_more = false; !no_more;) {
        for (std::string& split : enumerator->Assign(subtask, &no_more))
          splits.push_back(std::move(split));
      }
    }
    return splits;
  }

  Subject subject_;
  ManualClock clock_{1700000000000};
};
TYPED_TEST_SUITE_P(SourceConformance);

TYPED_TEST_P(SourceConformance, EachRecordIsReadOnceByHoweverManyReaders) {
  const auto source = this->subject_.MakeSource();
  for (const std::uint64_t seed : Seeds(1, 20)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    typename TestFixture::Texts read;
    typename TestFixture::Run run(source, 1 + static_cast<int>(random.Uniform(5)), &this->clock_);
    for (int step = 0; !run.finished(); ++step) {
      ASSERT_LT(step, 100000) << "it does not end";
      run.Step(random, &read);
    }
    ASSERT_EQ(this->Sorted(read), this->Expected());
  }
}

TYPED_TEST_P(SourceConformance, APollGivesNoMoreThanItWasAskedFor) {
  const auto source = this->subject_.MakeSource();
  for (const std::string& split : this->Splits(1)) {
    SplitReading<TypeParam> reading(source, split, &this->clock_);
    for (std::uint32_t rows = 1;; rows = rows % 7 + 1) {
      typename TestFixture::Texts read;
      const bool more = reading.Poll(rows, &read);
      EXPECT_LE(read.size(), rows);
      if (!more) break;
    }
  }
}

TYPED_TEST_P(SourceConformance, ASplitGoesOnFromEachOfItsRows) {
  const auto source = this->subject_.MakeSource();
  for (const std::string& split : this->Splits(2)) {
    typename TestFixture::Texts all;
    std::vector<std::pair<std::string, std::size_t>> positions{{split, 0}};  // with rows before it
    SplitReading<TypeParam> whole(source, split, &this->clock_);
    while (whole.Poll(1, &all)) positions.emplace_back(whole.Position(), all.size());
    positions.emplace_back(whole.Position(), all.size());
    for (const auto& [position, before] : positions) {
      typename TestFixture::Texts rest;
      const SplitReading<TypeParam> opened(source, position, &this->clock_);  // and lost unread
      SplitReading<TypeParam> reading(source, opened.Position(), &this->clock_);
      while (reading.Poll(3, &rest)) {
      }
      ASSERT_EQ(rest, typename TestFixture::Texts(all.begin() + static_cast<std::ptrdiff_t>(before),
                                                  all.end()))
          << "from row " << before;
    }
  }
}

TYPED_TEST_P(SourceConformance, WhatIsNoSnapshotOfItsEnumeratorIsRefused) {
  const auto source = this->subject_.MakeSource();
  const std::string good = source.CreateEnumerator(2)->Snapshot();
  EXPECT_TRUE(source.CreateEnumerator(3)->Restore(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(source.CreateEnumerator(2)->Restore(good.substr(0, size))) << size;
  EXPECT_FALSE(source.CreateEnumerator(2)->Restore(good + "x"));
}

TYPED_TEST_P(SourceConformance, EachRecordCountsOnceOverRestoresAtAnyParallelism) {
  const auto source = this->subject_.MakeSource();
  std::uint64_t restores = 0;
  for (const std::uint64_t seed : Seeds(1, 40)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const auto parallelism = [&] { return 1 + static_cast<int>(random.Uniform(4)); };
    std::optional<typename TestFixture::Run> run;
    run.emplace(source, parallelism(), &this->clock_);
    typename TestFixture::Texts read;
    typename TestFixture::Run::Checkpoint complete = run->Take();
    std::size_t counted = 0;  // what was read before it
    for (int step = 0; !run->finished(); ++step) {
      ASSERT_LT(step, 100000) << "it does not end";
      run->Step(random, &read);
      if (random.Uniform(4) == 0) {
        complete = run->Take();
        counted = read.size();
      } else if (step < 300 && random.Uniform(10) == 0) {
        run.emplace(source, parallelism(), &this->clock_, &complete);
        read.resize(counted);
        ++restores;
      }
    }
    ASSERT_EQ(this->Sorted(read), this->Expected());
  }
  EXPECT_GT(restores, 0U);
}

REGISTER_TYPED_TEST_SUITE_P(SourceConformance, EachRecordIsReadOnceByHoweverManyReaders,
                            APollGivesNoMoreThanItWasAskedFor, ASplitGoesOnFromEachOfItsRows,
                            WhatIsNoSnapshotOfItsEnumeratorIsRefused,
                            EachRecordCountsOnceOverRestoresAtAnyParallelism);

}  // namespace millrace::test_support
