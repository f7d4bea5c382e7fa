// A source whose texts go at its next poll: whatever reads them later must have copied them.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/millrace.h"
#include "millrace/testing/test_cluster.h"
#include "tests/support/lent_source.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

using test_support::LentSource;
using testing::TestCluster;

struct Note {
  std::int64_t key = 0;
  std::int64_t time = 0;
  String text;
  String author;
};
MILLRACE_RECORD(Note, key, time, text, author);

constexpr std::int64_t kNotes = 3000;

/// Every third text and some authors are static.
Note NoteOf(std::int64_t i) {
  static const auto& table =
      *new std::vector<std::string>{"note that stays", "note of seven words that stays as well"};
  const std::string text =
      "note " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 70), '.');
  return {i * i % 37, i,
          i % 3 == 0 ? String::Static(table[static_cast<std::size_t>(i % 2)]) : String(text),
          i % 11 == 0 ? String::Static("the static author") : "author " + std::to_string(i % 11)};
}
auto Notes() {
  return Generate(NoteOf).Count(kNotes).Splits(1);
}
auto Times() {
  return WatermarkStrategy<Note>::Monotonous().WithTimestamp(&Note::time, Unit::kMilliseconds);
}

/// Keeps texts in every kind of state, some until a timer is due.
struct Keep : KeyedProcessFunction<std::int64_t, Note, std::string> {
  ValueState<Note> longest{this, "longest"};
  ListState<Note> last{this, "last"};
  MapState<std::string, String> by_author{this, "by author"};

  void ProcessElement(const Note& note, Context& context, auto& out) {
    if (!longest.Has() || longest.Get().text.size() < note.text.size()) longest.Update(note);
    if (last.Size() < 3) {
      last.Add(note);
    } else {
      last.Set(static_cast<std::size_t>(note.time % 3), note);
    }
    by_author.Put(note.author.str(), note.text);
    out.Emit(note.text.str() + longest.Get().text.str());
    context.RegisterEventTimeTimer(EventTime::FromMillis(note.time + 100));
  }
  /// How far the records are when a timer fires is not sure, so that its row says only whether the texts are as they were.
  void OnTimer(EventTime due, Context&, auto& out) {
    bool whole = true;
    for (const Note& note : last.Get()) whole &= note.text == NoteOf(note.time).text;
    by_author.ForEach(
        [&](const std::string&, const String& text) { whole &= text.view().starts_with("note "); });
    out.Emit(due.ToString() + (whole ? "" : " broken"));
  }
};

Note Later(const Note& a, const Note& b) {
  return std::tie(a.text, a.author) < std::tie(b.text, b.author) ? b : a;
}

// Each takes a source of notes and gives rows.
struct Kept {
  template <class Notes>
  auto operator()(Notes notes) const {
    // More rows than a step has room for: what is left waits behind the source's poll.
    return std::move(notes)
        .FlatMap([](const Note& n, Collector<Note>& out) {
          for (int i = 0; i < 7; ++i) out.Emit(n);
        })
        .KeyBy(&Note::key)
        .Process("keep", Keep{});
  }
};
struct Reduced {
  template <class Notes>
  auto operator()(Notes notes) const {
    return std::move(notes).KeyBy(&Note::key).Reduce("later", Later).Map([](const Note& n) {
      return n.text.str() + n.author.str();
    });
  }
};
struct KeyedByText {
  template <class Notes>
  auto operator()(Notes notes) const {
    return std::move(notes)
        .KeyBy(&Note::author)
        .Window(TumblingEventTime(Duration(50)))
        .Reduce("longest", Later)
        .Map([](const Note& n) { return n.text.str() + n.author.str(); });
  }
};
struct Branched {
  template <class Notes>
  auto operator()(Notes notes) const {
    auto both = std::move(notes).Map([](const Note& n) {
      return Note{n.key, n.time, n.author, n.text};  // views of the reader's texts
    });
    return both.Filter([](const Note& n) { return n.key % 2 == 0; })
        .Union(both.Filter([](const Note& n) { return n.key % 3 == 0; }))
        .KeyBy(&Note::text)
        .Window(TumblingEventTime(Duration(50)))
        .Reduce("longest", Later)
        .Map([](const Note& n) { return n.text.str() + n.author.str(); });
  }
};

template <class Job, class Source>
std::vector<std::string> RowsOf(const TestCluster& cluster, const Source& source) {
  auto rows = cluster.Collect([&source](StreamEnvironment& env) {
    return Job{}(env.FromSource("notes", source, Times()));
  });
  EXPECT_TRUE(rows.ok()) << rows.status().ToString();
  std::vector<std::string> sorted = rows.value();
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

template <class Job>
void ExpectEqualRows() {
  for (const std::uint64_t seed : test_support::Seeds(1, 6)) {
    Random random(seed);
    for (const TestCluster& plain : TestCluster::BothDrivers(seed)) {
      const TestCluster cluster =
          plain.Parallelism(random.Chance(0.7) ? 1 : 2)
              .Option("batch.rows", std::to_string(1 + random.Uniform(200)))
              .Option("exchange", random.Chance(0.3) ? "serialized" : "local");
      SCOPED_TRACE(cluster.ToString());
      const auto expected = RowsOf<Job>(TestCluster::Seeded(seed), Notes());
      ASSERT_GT(expected.size(), 10U);
      ASSERT_EQ(RowsOf<Job>(cluster, LentSource(Notes())), expected);
    }
  }
}

TEST(LentTexts, InKeyedState) {
  ExpectEqualRows<Kept>();
}
TEST(LentTexts, InAReducedValue) {
  ExpectEqualRows<Reduced>();
}
TEST(LentTexts, AsKeyAndInWindows) {
  ExpectEqualRows<KeyedByText>();
}
TEST(LentTexts, InStreamsThatPartAndMeet) {
  ExpectEqualRows<Branched>();
}

}  // namespace
}  // namespace millrace
