#include "millrace/io/record.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "millrace/io/codec.h"
#include "millrace/io/compare.h"

#define F8(p) p##0, p##1, p##2, p##3, p##4, p##5, p##6, p##7

struct InGlobalNamespace {
  int value = 0;
};
MILLRACE_RECORD(InGlobalNamespace, value);

struct Widest {
  int F8(a), F8(b), F8(c), F8(d), F8(e), F8(f), F8(g), F8(h);
};
MILLRACE_RECORD(Widest, F8(a), F8(b), F8(c), F8(d), F8(e), F8(f), F8(g), F8(h));

namespace user {
namespace {

struct Base {
  std::string name;
};
struct Derived : Base {  // not of standard layout
  std::tuple<int, std::string> both;
};
MILLRACE_RECORD(Derived, name, both);

class Outer {
 public:
  struct Inner {
    Inner() = default;
    explicit Inner(int v) : value(v) {}  // no aggregate
    int value = 0;
  };
};
MILLRACE_RECORD(Outer::Inner, value);

struct Two {
  int a = 0;
  std::string b;
};
static_assert(!millrace::internal::MissesMembers<Two, 2>() &&
                  millrace::internal::MissesMembers<Two, 1>(),
              "a field left out of MILLRACE_RECORD is found");

TEST(RecordTest, FieldsAreVisitedInOrder) {
  Derived d{{"x"}, {1, "y"}};
  std::string names;
  millrace::ForEachField(d,
                         [&names](const char* name, auto&) { names += std::string(name) + " "; });
  EXPECT_EQ(names, "name both ");
  EXPECT_EQ(std::string(millrace::FieldsOf<Derived>().type_name), "Derived");
}

template <class T>
bool ComesBack(const T& value) {
  millrace::ByteWriter out;
  millrace::Encode(value, out);
  T copy;
  millrace::ByteReader in(out.view());
  return millrace::Decode(in, copy) && in.AtEnd() && millrace::Equal(value, copy);
}

TEST(RecordTest, AnyStructInAnyNamespaceWorks) {
  EXPECT_TRUE(ComesBack(InGlobalNamespace{3}));
  EXPECT_TRUE(ComesBack(Derived{{"x"}, {1, "y"}}));
  EXPECT_TRUE(ComesBack(Outer::Inner(4)));
  static_assert(!millrace::kIsRecord<Two> && !millrace::kIsRecord<int> &&
                millrace::kIsRecord<Derived>);
}

TEST(RecordTest, SixtyFourFields) {
  static_assert(millrace::FieldsOf<Widest>().kSize == 64 && millrace::kIsBulk<Widest>);
  Widest w{};
  w.a0 = 1;
  w.h7 = 2;
  EXPECT_TRUE(ComesBack(w));
}

}  // namespace
}  // namespace user
