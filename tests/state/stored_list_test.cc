#include "millrace/state/stored_list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "millrace/base/random.h"
#include "millrace/millrace.h"
#include "tests/support/seeds.h"

namespace millrace {
namespace {

struct Note {
  std::int64_t number = 0;
  String text;
};
MILLRACE_RECORD(Note, number, text);

struct Wide {
  alignas(32) std::int64_t number = 0;
};

static_assert(StoredList<Note>::kServes && StoredList<std::string>::kServes);
static_assert(!StoredList<Wide>::kServes);
static_assert(sizeof(StoredList<Note>) == sizeof(void*));

template <class T>
void Put(StoredList<T>& list, const T& value) {
  StoredSet<T>(reinterpret_cast<std::byte*>(&list.emplace_back()), value);
}
template <class T>
const T& At(const StoredList<T>& list, std::size_t i) {
  return StoredGet<T>(reinterpret_cast<const std::byte*>(list.data() + i));
}
std::string LongText(std::uint64_t i) {
  return "text number " + std::to_string(i) + std::string(i % 50, '.');
}

TEST(StoredList, HoldsWhatAVectorWould) {
  for (const std::uint64_t seed : test_support::Seeds(1, 20)) {
    Random random(seed);
    TextPool pool;
    const TextPool::Scope scope(pool);
    {
      std::vector<StoredList<Note>> lists(8);
      std::vector<std::vector<std::string>> model(8);
      for (std::uint64_t i = 0; i < 3000; ++i) {
        const std::size_t at = random.Uniform(lists.size());
        const std::size_t other = random.Uniform(lists.size());
        if (random.Chance(0.9)) {
          const std::string text = LongText(random.Uniform(1000));
          Put(lists[at], Note{static_cast<std::int64_t>(i), String::View(text)});
          model[at].push_back(std::to_string(i) + text);
        } else if (random.Chance(0.3)) {
          lists[at].clear();
          model[at].clear();
        } else if (at != other) {
          StoredList<Note> moved = std::move(lists[at]);
          lists[at] = std::move(lists[other]);
          lists[other] = std::move(moved);
          std::swap(model[at], model[other]);
        }
        ASSERT_EQ(lists[at].size(), model[at].size());
      }
      for (std::size_t l = 0; l < lists.size(); ++l) {
        for (std::size_t i = 0; i < model[l].size(); ++i) {
          const Note& note = At(lists[l], i);
          ASSERT_EQ(std::to_string(note.number) + note.text.str(), model[l][i]);
        }
      }
      EXPECT_GT(pool.used_bytes(), 0U);
    }
    EXPECT_EQ(pool.used_bytes(), 0U) << "all blocks have gone back";
  }
}

TEST(StoredList, ElementsThatAreMoreThanBytesAreMovedAndDestroyed) {
  TextPool pool;
  const TextPool::Scope scope(pool);
  StoredList<std::string> list;
  for (std::uint64_t i = 0; i < 500; ++i) Put(list, LongText(i));
  for (std::uint64_t i = 0; i < 500; ++i) ASSERT_EQ(At(list, i), LongText(i));
  EXPECT_GE(list.held_bytes(), 500 * LongText(0).size()) << "texts of the allocator's";
  list.clear();
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(pool.used_bytes(), 0U);
}

TEST(StoredList, AnElementThatThrowsWhileItIsSetLeavesAnEmptyOne) {
  StoredList<Note> list;
  Put(list, Note{1, String::View("one")});
  list.emplace_back();
  EXPECT_EQ(At(list, 1).number, 0);
  EXPECT_TRUE(At(list, 1).text.empty());
}

TEST(StoredList, PlainElementsAreReadBackAtOnce) {
  using Codec = ColumnCodec<StoredList<std::int32_t>>;
  for (const std::size_t size : {0, 1, 4, 5, 1000}) {
    StoredList<std::int32_t> list;
    std::vector<std::int32_t> numbers;
    for (std::size_t i = 0; i < size; ++i) {
      numbers.push_back(static_cast<std::int32_t>(i * i));
      Put(list, numbers.back());
    }
    ByteWriter out, before;
    Codec::Encode(list, out);
    Encode(numbers, before);
    EXPECT_EQ(out.view(), before.view());
    StoredList<std::int32_t> read;
    Put(read, std::int32_t{7});
    ByteReader in(out.view());
    ASSERT_TRUE(Codec::Decode(in, read));
    EXPECT_TRUE(in.AtEnd());
    EXPECT_EQ(std::vector<std::int32_t>(read.begin(), read.end()), numbers);
    Put(read, std::int32_t{8});
    EXPECT_EQ(At(read, size), 8);
    if (size == 0) continue;
    ByteReader cut(out.view().substr(0, out.size() - 1));
    EXPECT_FALSE(Codec::Decode(cut, read));
  }
}

TEST(StoredList, AnyNumberOfTextsIsReadBack) {
  using Codec = ColumnCodec<StoredList<Note>>;
  for (const std::size_t size : {0, 1, 7, 8, 9, 15, 16, 17, 24, 25, 100}) {
    StoredList<Note> list;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < size; ++i) {
      texts.push_back(i % 5 == 0 ? "" : LongText(i * 7));
      const bool elsewhere = i % 3 == 0;  // such texts are not the list's
      Put(list, Note{1, elsewhere ? String::Static(i % 2 == 0 ? "even" : "odd")
                                  : String::View(texts[i])});
      if (elsewhere) texts[i] = i % 2 == 0 ? "even" : "odd";
    }
    ByteWriter out;
    Codec::Encode(list, out);
    StoredList<Note> read;
    ByteReader in(out.view());
    ASSERT_TRUE(Codec::Decode(in, read));
    EXPECT_TRUE(in.AtEnd());
    ASSERT_EQ(read.size(), size);
    for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(At(read, i).text.view(), texts[i]) << i;
  }
}

TEST(StoredList, IsReadBackFromASnapshot) {
  using Codec = ColumnCodec<StoredList<Note>>;
  StoredList<Note> list;
  for (std::uint64_t i = 0; i < 20; ++i)
    Put(list, Note{static_cast<std::int64_t>(i), String::View("n")});
  ByteWriter out;
  Codec::Encode(list, out);
  // The bytes are those of the vector that stood here before.
  ByteWriter before;
  std::vector<Note> notes;
  for (std::int64_t i = 0; i < 20; ++i) notes.push_back(Note{i, String::View("n")});
  Encode(notes, before);
  EXPECT_EQ(out.view(), before.view());

  StoredList<Note> read;
  Put(read, Note{99, String::View("goes")});
  ByteReader in(out.view());
  ASSERT_TRUE(Codec::Decode(in, read));
  EXPECT_TRUE(in.AtEnd());
  ASSERT_EQ(read.size(), 20U);
  EXPECT_EQ(At(read, 7).number, 7);
  ByteReader cut(out.view().substr(0, out.size() - 1));
  EXPECT_FALSE(Codec::Decode(cut, read));
}

}  // namespace
}  // namespace millrace
