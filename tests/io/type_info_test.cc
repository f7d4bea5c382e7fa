#include "millrace/io/type_info.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "millrace/io/compare.h"
#include "tests/io/samples.h"

namespace millrace {
namespace {

using testing::Everything;
using testing::Maker;

/// Copies an object of any type through its table alone, as a text format would.
void CopyByTable(const TypeInfo& type, const void* from, void* to) {
  switch (type.kind) {
    case Kind::kFloat:
    case Kind::kDouble:
      return WriteFloating(type, to, ReadFloating(type, from));
    case Kind::kString:
    case Kind::kArenaString:
      return type.ops->set_text(to, type.ops->get_text(from));
    case Kind::kOptional:
      if (const void* value = type.ops->get(from); value != nullptr) {
        CopyByTable(*type.element, value, type.ops->emplace(to));
      } else {
        type.ops->clear(to);
      }
      return;
    case Kind::kVariant: {
      const std::size_t index = type.ops->index(from);
      return CopyByTable(*type.fields[index].type, type.ops->alternative(from),
                         type.ops->emplace_index(to, index));
    }
    case Kind::kTuple:
    case Kind::kRecord:
      for (std::uint32_t i = 0; i < type.field_count; ++i) {
        CopyByTable(*type.fields[i].type, MemberAt(type, from, i), MemberAt(type, to, i));
      }
      return;
    case Kind::kArray:
    case Kind::kVector:
      if (type.kind == Kind::kVector) type.ops->clear(to);
      for (std::size_t i = 0; i < MemberCount(type, from); ++i) {
        CopyByTable(*type.element, MemberAt(type, from, i),
                    type.kind == Kind::kVector ? type.ops->append(to) : MemberAt(type, to, i));
      }
      return;
    case Kind::kMap:
    case Kind::kUnorderedMap: {
      struct Entry {
        const TypeInfo& type;
        void* to;
        const void* key = nullptr;
        const void* element = nullptr;
      };
      type.ops->clear(to);
      Entry entry{type, to};
      type.ops->for_each(from, &entry, [](void* c, const void* key, const void* element) {
        auto& e = *static_cast<Entry*>(c);
        e.key = key;
        e.element = element;
        return e.type.ops->insert(e.to, c, [](void* d, void* new_key, void* new_element) {
          auto& f = *static_cast<Entry*>(d);
          CopyByTable(*f.type.key, f.key, new_key);
          CopyByTable(*f.type.element, f.element, new_element);
          return true;
        });
      });
      return;
    }
    case Kind::
        kUInt64:  // read as int64 it wraps above 2^63, and a negative number does not fit back
      std::memcpy(to, from, sizeof(std::uint64_t));
      return;
    default:
      ASSERT_TRUE(WriteInteger(type, to, ReadInteger(type, from)));
  }
}

TEST(TypeInfoTest, TheTableAloneReadsAndWritesEveryKind) {
  const std::uint64_t seed = std::random_device{}();
  Maker make(seed);
  Everything target;
  for (int i = 0; i < 300; ++i) {
    const Everything original = make.Make();
    CopyByTable(TypeInfoOf<Everything>(), &original, &target);
    ASSERT_TRUE(Equal(original, target)) << "seed " << seed << " round " << i;
  }
}

TEST(TypeInfoTest, FindsFieldsByName) {
  const TypeInfo& type = TypeInfoOf<testing::Reading>();
  EXPECT_EQ(type.name, "Reading");
  ASSERT_NE(type.Find("temperature"), nullptr);
  EXPECT_EQ(type.Find("temperature")->offset, offsetof(testing::Reading, temperature));
  EXPECT_EQ(type.Find("Temperature"), nullptr);
}

TEST(TypeInfoTest, IntegersThatDoNotFitAreNotWritten) {
  std::int8_t small = 5;
  EXPECT_FALSE(WriteInteger(TypeInfoOf<std::int8_t>(), &small, 128));
  EXPECT_EQ(small, 5);
  EXPECT_TRUE(WriteInteger(TypeInfoOf<std::int8_t>(), &small, -128));
  EXPECT_EQ(small, -128);
  std::uint64_t large = 5;
  EXPECT_FALSE(WriteInteger(TypeInfoOf<std::uint64_t>(), &large, -1));
  bool flag = false;
  EXPECT_FALSE(WriteInteger(TypeInfoOf<bool>(), &flag, 2));
  std::chrono::duration<std::int16_t> seconds{};
  EXPECT_FALSE(WriteInteger(TypeInfoOf<decltype(seconds)>(), &seconds, 40000));
}

}  // namespace
}  // namespace millrace
