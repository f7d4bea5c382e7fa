#include "millrace/state/stored.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/io/record.h"
#include "millrace/state/text_pool.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Note {
  std::int64_t number = 0;
  String head, body;
  std::vector<String> tags;
};
MILLRACE_RECORD(Note, number, head, body, tags);
struct Line {
  std::int64_t number = 0;
  String head, body;
};
MILLRACE_RECORD(Line, number, head, body);

/// What a Note is to be, in texts of its own.
struct Model {
  std::int64_t number = 0;
  std::string head, body;
  std::vector<std::string> tags;
};

/// Texts that are there as long as the process.
const std::vector<std::string>& Table() {
  static const auto& table = *new std::vector<std::string>{"static", "a static text that is longer",
                                                           std::string(100, '=')};
  return table;
}

std::string Text(Random& random) {
  if (random.Chance(0.3)) return Table()[random.Uniform(Table().size())];
  const std::size_t bytes = random.Chance(0.05) ? random.Uniform(3000) : random.Uniform(40);
  return std::string(bytes, static_cast<char>('a' + random.Uniform(26)));
}

/// A value in texts that go with the batch, `arena`, or stay.
Note FromModel(const Model& m, std::vector<std::string>* arena) {
  const auto view = [&](const std::string& s) {
    for (const std::string& text : Table()) {
      if (text == s) return String::Static(text);
    }
    arena->push_back(s);
    return String::View(arena->back());
  };
  Note note{m.number, view(m.head), view(m.body), {}};
  for (const std::string& tag : m.tags) note.tags.push_back(view(tag));
  return note;
}
void ExpectSame(const OwnedStrings<Note>& stored, const Model& m) {
  const Note& note = stored.get();
  ASSERT_EQ(note.number, m.number);
  ASSERT_EQ(note.head.str(), m.head);
  ASSERT_EQ(note.body.str(), m.body);
  ASSERT_EQ(note.tags.size(), m.tags.size());
  for (std::size_t i = 0; i < m.tags.size(); ++i) ASSERT_EQ(note.tags[i].str(), m.tags[i]);
}

TEST(OwnedStrings, HaveWhatWasSetWhateverBecomesOfItsTexts) {
  for (const std::uint64_t seed : test_support::Seeds(1, 20)) {
    Random random(seed);
    TextPool pool;
    const TextPool::Scope scope(pool);
    std::vector<OwnedStrings<Note>> stored(8);
    std::vector<Model> models(8);
    for (int i = 0; i < 2000; ++i) {
      const std::size_t at = random.Uniform(8), other = random.Uniform(8);
      Model& m = models[at];
      std::vector<std::string> arena;
      arena.reserve(16);
      switch (random.Uniform(6)) {
        case 0:
        case 1:
          m = {static_cast<std::int64_t>(i), Text(random), Text(random), {}};
          for (std::uint64_t t = random.Uniform(4); t > 0; --t) m.tags.push_back(Text(random));
          stored[at].Set(FromModel(m, &arena));
          break;
        case 2: {  // one text is new, the others stay
          arena.push_back(m.body = Text(random));
          stored[at].mutable_value().body = String::View(arena.back());
          stored[at].Own();
          break;
        }
        case 3:  // texts of its own in other places
          std::swap(m.head, m.body);
          std::swap(stored[at].mutable_value().head, stored[at].mutable_value().body);
          stored[at].Own();
          break;
        case 4:
          models[at] = models[other];
          stored[at] = stored[other];
          break;
        default:
          stored[at] = OwnedStrings<Note>();
          m = {};
          break;
      }
      for (std::string& text : arena) text.assign(text.size(), '#');  // the batch has gone
      ASSERT_NO_FATAL_FAILURE(ExpectSame(stored[at], m));
    }
    for (std::size_t i = 0; i < 8; ++i) ASSERT_NO_FATAL_FAILURE(ExpectSame(stored[i], models[i]));
    stored.clear();
    EXPECT_EQ(pool.used_bytes(), 0u);
  }
}

TEST(OwnedStrings, ARowHasAPointerOnly) {
  EXPECT_EQ(sizeof(OwnedStrings<Note>), sizeof(void*));
  EXPECT_TRUE(kMovesAsBytes<OwnedStrings<Line>>);
  EXPECT_EQ(ColumnOpsOf<OwnedStrings<Line>>().held, nullptr);
  EXPECT_NE(ColumnOpsOf<OwnedStrings<Note>>().held, nullptr);
}

TEST(OwnedStrings, TheirOwnValueMayBeSet) {
  OwnedStrings<Line> stored;
  const std::string text = "a text that is longer than what stands in place";
  stored.Set({7, String::View(text), String::View(text)});
  stored.Set(stored.get());
  EXPECT_EQ(stored.get().number, 7);
  EXPECT_EQ(stored.get().body.str(), text);
}

TEST(OwnedStrings, StaticTextsAreNotCopied) {
  TextPool pool;
  const TextPool::Scope scope(pool);
  const String longest = String::Static(Table()[2]);
  OwnedStrings<Line> stored;
  stored.Set({1, longest, longest});
  EXPECT_EQ(stored.get().head.data(), longest.data());
  const std::uint64_t without_texts = pool.used_bytes();
  EXPECT_LT(without_texts, sizeof(Line) + longest.size());
  const std::string other(500, 'o');
  stored.Set({2, String::View(other), longest});  // one of both is copied
  EXPECT_NE(stored.get().head.data(), other.data());
  EXPECT_EQ(stored.get().head.view(), other);
  EXPECT_EQ(stored.get().body.data(), longest.data());
  EXPECT_GE(pool.used_bytes(), sizeof(Line) + other.size());
  // What was read from a snapshot stands in the block, whatever it was.
  ByteWriter bytes;
  ColumnCodec<OwnedStrings<Line>>::Encode(stored, bytes);
  OwnedStrings<Line> restored;
  ByteReader in(bytes.view());
  ASSERT_TRUE(ColumnCodec<OwnedStrings<Line>>::Decode(in, restored));
  EXPECT_EQ(restored.get().body, longest);
  EXPECT_NE(restored.get().body.data(), longest.data());
  EXPECT_FALSE(restored.get().body.is_static());
}

TEST(OwnedStrings, WhatIsUpdatedInPlaceTakesNoOtherBlock) {
  TextPool pool;
  const TextPool::Scope scope(pool);
  OwnedStrings<Line> stored;
  stored.Set({1, String::View("first"), String::View("second text")});
  const Line* const at = &stored.get();
  stored.Set({2, String::View("third"), String::View("fourth")});
  EXPECT_EQ(&stored.get(), at);
  EXPECT_EQ(stored.get().body.str(), "fourth");
  const String body = stored.get().body;
  {
    const TextBlock kept = stored.Release();
    EXPECT_EQ(stored.get().number, 0);
    EXPECT_EQ(body.str(), "fourth");
    EXPECT_NE(pool.used_bytes(), 0u);
  }
  EXPECT_EQ(pool.used_bytes(), 0u);
}

}  // namespace
}  // namespace millrace
