#include "millrace/io/json.h"

#include <bitset>
#include <cmath>
#include <stdexcept>

#include "millrace/io/utf8.h"

// A descent that is driven by the type and writes where the value belongs: no tree in between, and an error knows its
// column. Nesting is that of the type; what is passed over has a limit of its own.

namespace millrace {
namespace {

constexpr int kMaxDepth = 100;
constexpr std::uint32_t kMaxFields = 512;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// The text, where the reader stands, and the first thing that went wrong.
class Scanner {
 public:
  Scanner(std::string_view text, TextError* error) : text_(text), error_(error) {}

  bool Fail(std::string what) { return FailAt(at_, std::move(what)); }
  bool FailAt(std::size_t at, std::string what) {
    if (!failed_) *error_ = {at + 1, std::move(what)};
    failed_ = true;
    return false;
  }
  std::size_t at() const { return at_; }
  char Peek() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool AtEnd() { return Peek() == '\0' && at_ == text_.size(); }
  bool Take(char c) {
    if (Peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  bool Expect(char c) {
    return Take(c) || Fail(std::string("'") + c + "' was expected, not " + Here());
  }
  bool TakeWord(std::string_view word) {
    Peek();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  std::string Here() {
    if (AtEnd()) return "the end";
    const char c = Peek();
    if (c < 0x20 || c > 0x7e) return "this byte";
    return std::string("'") + c + "'";
  }

  /// A number's text, by the grammar of RFC 8259.
  bool Number(std::string_view* number) {
    Peek();
    std::size_t at = at_;
    const auto digits = [&] {
      const std::size_t begin = at;
      while (at < text_.size() && IsDigit(text_[at])) ++at;
      return at > begin;
    };
    if (at < text_.size() && text_[at] == '-') ++at;
    const bool zero = at < text_.size() && text_[at] == '0';
    if (!digits()) return Fail("a number was expected, not " + Here());
    if (zero && IsDigit(text_[at - 1]) && at - at_ > (text_[at_] == '-' ? 2U : 1U))
      return Fail("a number with a leading zero");
    if (at < text_.size() && text_[at] == '.' && (++at, !digits()))
      return Fail("a number that ends with its point");
    if (at < text_.size() && (text_[at] == 'e' || text_[at] == 'E')) {
      ++at;
      if (at < text_.size() && (text_[at] == '+' || text_[at] == '-')) ++at;
      if (!digits()) return Fail("a number without digits in its exponent");
    }
    *number = text_.substr(at_, at - at_);
    at_ = at;
    return true;
  }

  /// A text: a view of the input where nothing is escaped, else of `*buffer`.
  bool Text(std::string* buffer, std::string_view* value) {
    if (Peek() != '"') return Fail("a text was expected, not " + Here());
    const std::size_t opening = at_++;
    const std::size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        *value = text_.substr(begin, at_++ - begin);
        return ValidUtf8(*value) || FailAt(opening, "a text that is not UTF-8");
      }
      if (c == '\\') break;
      if (c < 0x20) return Fail("a control character inside a text (it must be escaped)");
    }
    buffer->assign(text_, begin, at_ - begin);
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        *value = *buffer;
        return ValidUtf8(*value) || FailAt(opening, "a text that is not UTF-8");
      }
      if (c < 0x20) return Fail("a control character inside a text (it must be escaped)");
      if (c == '\\') {
        if (!Escape(buffer)) return false;
      } else {
        *buffer += text_[at_++];
      }
    }
    return FailAt(opening, "the text that begins here has no end");
  }

  /// Any value.
  bool Skip(int depth) {
    if (depth > kMaxDepth) return Fail("nested deeper than " + std::to_string(kMaxDepth));
    std::string buffer;
    std::string_view ignored;
    switch (Peek()) {
      case '"':
        return Text(&buffer, &ignored);
      case '{':
        return Members('{', '}', [&](std::size_t) {
          return Text(&buffer, &ignored) && Expect(':') && Skip(depth + 1);
        });
      case '[':
        return Members('[', ']', [&](std::size_t) { return Skip(depth + 1); });
      default:
        break;
    }
    if (TakeWord("true") || TakeWord("false") || TakeWord("null")) return true;
    return Number(&ignored);
  }

  /// What stands between brackets with commas between; `member(i)` reads the i-th.
  template <class F>
  bool Members(char open, char close, F member) {
    if (!Expect(open)) return false;
    if (Take(close)) return true;
    for (std::size_t i = 0;; ++i) {
      if (!member(i)) return false;
      if (Take(close)) return true;
      if (!Take(','))
        return Fail(std::string("',' or '") + close + "' was expected, not " + Here());
    }
  }

 private:
  bool Hex(unsigned* code) {
    *code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      unsigned digit = 0;
      if (IsDigit(c)) {
        digit = static_cast<unsigned>(c - '0');
      } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
        digit = static_cast<unsigned>((c | 0x20) - 'a') + 10;
      } else {
        return Fail("four hexadecimal digits were expected after \\u");
      }
      *code = *code * 16 + digit;
    }
    return true;
  }
  bool Escape(std::string* out) {
    const std::size_t begin = at_++;
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    switch (c) {
      case '"':
      case '\\':
      case '/':
        *out += c;
        return true;
      case 'b':
        *out += '\b';
        return true;
      case 'f':
        *out += '\f';
        return true;
      case 'n':
        *out += '\n';
        return true;
      case 'r':
        *out += '\r';
        return true;
      case 't':
        *out += '\t';
        return true;
      case 'u':
        break;
      default:
        return FailAt(begin, "an unknown escape");
    }
    unsigned code = 0;
    if (!Hex(&code)) return false;
    if (code >= 0xd800 && code < 0xdc00) {  // the first half of a pair
      unsigned low = 0;
      if (text_.substr(at_, 2) != "\\u") return FailAt(begin, "half of a surrogate pair");
      at_ += 2;
      if (!Hex(&low)) return false;
      if (low < 0xdc00 || low > 0xdfff) return FailAt(begin, "half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
      return FailAt(begin, "half of a surrogate pair");
    }
    AppendUtf8(code, out);
    return true;
  }

  std::string_view text_;
  TextError* error_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

std::string Name(std::string_view name) {
  return "'" + std::string(name) + "'";
}

/// Reads values of types; `path` is not kept: an error names the innermost field and its column.
class Reader {
 public:
  Reader(Scanner& in, const JsonOptions& options) : in_(in), options_(options) {}

  bool Value(const TypeInfo& type, void* object) {
    if (++depth_ > kMaxDepth) return in_.Fail("nested deeper than " + std::to_string(kMaxDepth));
    const bool ok = ValueOf(type, object);
    --depth_;
    return ok;
  }

 private:
  bool ValueOf(const TypeInfo& type, void* object) {
    switch (type.kind) {
      case Kind::kRecord:
        return Record(type, object);
      case Kind::kTuple:
      case Kind::kArray:
        return Fixed(type, object);
      case Kind::kVector:
        type.ops->clear(object);
        return in_.Members(
            '[', ']', [&](std::size_t) { return Value(*type.element, type.ops->append(object)); });
      case Kind::kMap:
      case Kind::kUnorderedMap:
        return Map(type, object);
      case Kind::kOptional:
        if (!in_.TakeWord("null")) return Value(*type.element, type.ops->emplace(object));
        type.ops->clear(object);
        return true;
      case Kind::kVariant:
        return Variant(type, object);
      case Kind::kString:
      case Kind::kArenaString: {
        std::string_view text;
        if (!in_.Text(&buffer_, &text)) return false;
        type.ops->set_text(object, text);
        return true;
      }
      case Kind::kCustom:
        return in_.Fail("a type with a codec of its own has no form in JSON");
      default:
        return Scalar(type, object);
    }
  }

  bool Scalar(const TypeInfo& type, void* object) {
    if (type.kind == Kind::kEnum) return Scalar(*type.element, object);
    const char first = in_.Peek();
    const std::size_t begin = in_.at();
    std::string_view text;
    if (type.kind == Kind::kBool) {
      if (in_.TakeWord("true")) return WriteInteger(type, object, 1);
      if (in_.TakeWord("false")) return WriteInteger(type, object, 0);
      return in_.Fail(Field() + "true or false was expected, not " + in_.Here());
    }
    const bool text_allowed = type.kind == Kind::kFloat || type.kind == Kind::kDouble ||
                              type.kind == Kind::kEventTime || type.kind == Kind::kTimePoint;
    if (first == '"' && text_allowed) {
      if (!in_.Text(&buffer_, &text)) return false;
    } else if (!in_.Number(&text)) {
      return false;
    }
    std::string why;
    return ParseScalar(type, object, text, &why) || in_.FailAt(begin, Field() + why);
  }

  bool Record(const TypeInfo& type, void* object) {
    std::bitset<kMaxFields> seen;
    std::uint32_t next = 0;
    const std::size_t begin = (in_.Peek(), in_.at());
    const std::string_view outer = field_;
    const bool ok = in_.Members('{', '}', [&](std::size_t) {
      in_.Peek();
      const std::size_t at = in_.at();
      std::string_view name;
      if (!in_.Text(&buffer_, &name)) return false;
      std::uint32_t i = next;
      if (i >= type.field_count || type.fields[i].name != name) {
        const FieldInfo* field = type.Find(name);
        if (field == nullptr) return Unknown(type, name, at);
        i = static_cast<std::uint32_t>(field - type.fields);
      }
      if (seen[i]) return in_.FailAt(at, "the field " + Name(name) + " is there twice");
      seen[i] = true;
      next = i + 1;
      field_ = type.fields[i].name;
      return in_.Expect(':') && Value(*type.fields[i].type, MemberAt(type, object, i));
    });
    field_ = outer;
    return ok && Missing(type, object, seen, begin);
  }

  bool Unknown(const TypeInfo& type, std::string_view name, std::size_t at) {
    if (options_.ignore_unknown_fields) return in_.Expect(':') && in_.Skip(depth_);
    const std::string_view near = NearestField(type, name);
    return in_.FailAt(at, "the record " + std::string(type.name) + " has no field " + Name(name) +
                              (near.empty() ? "" : " (did you mean " + Name(near) + "?)"));
  }

  /// Fields that the text lacked: an empty optional; else an error, or a fresh record's value.
  bool Missing(const TypeInfo& type, void* object, const std::bitset<kMaxFields>& seen,
               std::size_t begin) {
    for (std::uint32_t i = 0; i < type.field_count; ++i) {
      if (seen[i]) continue;
      const FieldInfo& field = type.fields[i];
      if (field.type->kind == Kind::kOptional) {
        field.type->ops->clear(MemberAt(type, object, i));
      } else if (!options_.allow_missing_fields) {
        return in_.FailAt(begin, "the record lacks the field " + Name(field.name));
      }
    }
    return true;
  }

  bool Fixed(const TypeInfo& type, void* object) {
    const std::size_t wanted = MemberCount(type, object);
    const std::size_t begin = (in_.Peek(), in_.at());
    std::size_t count = 0;
    const bool ok = in_.Members('[', ']', [&](std::size_t i) {
      if (i >= wanted)
        return in_.Fail(Field() + std::to_string(wanted) +
                        " elements were expected, and here is one more");
      ++count;
      return Value(type.kind == Kind::kTuple ? *type.fields[i].type : *type.element,
                   MemberAt(type, object, i));
    });
    if (!ok) return false;
    return count == wanted ||
           in_.FailAt(begin, Field() + std::to_string(wanted) + " elements were expected, not " +
                                 std::to_string(count));
  }

  bool Variant(const TypeInfo& type, void* object) {
    std::size_t count = 0;
    std::uint8_t index = 0;
    const std::size_t begin = (in_.Peek(), in_.at());
    const bool ok = in_.Members('[', ']', [&](std::size_t i) {
      count = i + 1;
      if (i == 0) {
        const std::size_t at = (in_.Peek(), in_.at());
        if (!Scalar(TypeInfoOf<std::uint8_t>(), &index)) return false;
        return index < type.field_count ||
               in_.FailAt(at, Field() + "a variant has no alternative " + std::to_string(index));
      }
      if (i == 1) return Value(*type.fields[index].type, type.ops->emplace_index(object, index));
      return in_.Fail(Field() + "a variant is [index, value]");
    });
    return ok && (count == 2 || in_.FailAt(begin, Field() + "a variant is [index, value]"));
  }

  bool Map(const TypeInfo& type, void* object) {
    type.ops->clear(object);
    return in_.Members('{', '}', [&](std::size_t) {
      struct Entry {
        Reader& reader;
        const TypeInfo& type;
      } entry{*this, type};
      return type.ops->insert(object, &entry, [](void* e, void* key, void* element) {
        auto& [reader, of] = *static_cast<Entry*>(e);
        return reader.Key(*of.key, key) && reader.in_.Expect(':') &&
               reader.Value(*of.element, element);
      });
    });
  }

  /// A text; for keys of other types, their JSON (scalars as they are) inside a text.
  bool Key(const TypeInfo& type, void* object) {
    const std::size_t begin = (in_.Peek(), in_.at());
    std::string_view text;
    std::string why;
    if (!in_.Text(&buffer_, &text)) return false;
    if (IsScalarText(type) && type.kind != Kind::kOptional) {
      return ParseScalar(type, object, text, &why) || in_.FailAt(begin, Field() + "key " + why);
    }
    const std::string inner(text);
    TextError error;
    Scanner scanner(inner, &error);
    Reader reader(scanner, options_);
    reader.depth_ = depth_ + 1;
    if (reader.Value(type, object) && (scanner.AtEnd() || scanner.Fail("more text than one value")))
      return true;
    return in_.FailAt(begin, Field() + "key: " + error.what);
  }

  std::string Field() const { return field_.empty() ? "" : "field " + Name(field_) + ": "; }

  Scanner& in_;
  JsonOptions options_;
  std::string_view field_;  // the innermost one
  std::string buffer_;
  int depth_ = 0;
};

void AppendText(std::string_view text, std::string& out) {
  if (!ValidUtf8(text)) throw std::invalid_argument("a text that is not UTF-8 has no form in JSON");
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  out += '"';
}

void AppendKey(const TypeInfo& type, const void* object, std::string& out) {
  std::string key;
  if (IsScalarText(type) && type.kind != Kind::kOptional) {
    AppendScalar(type, object, key);
  } else {
    AppendJson(type, object, key);
  }
  AppendText(key, out);
}

void AppendMap(const TypeInfo& type, const void* object, std::string& out) {
  struct Context {
    const TypeInfo& type;
    std::string& out;
    bool first = true;
  } context{type, out};
  out += '{';
  type.ops->for_each(object, &context, [](void* c, const void* key, const void* element) {
    auto& to = *static_cast<Context*>(c);
    if (!std::exchange(to.first, false)) to.out += ',';
    AppendKey(*to.type.key, key, to.out);
    to.out += ':';
    AppendJson(*to.type.element, element, to.out);
    return true;
  });
  out += '}';
}

void AppendMembers(const TypeInfo& type, const void* object, std::string& out) {
  const bool record = type.kind == Kind::kRecord;
  out += record ? '{' : '[';
  const std::size_t count = MemberCount(type, object);
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) out += ',';
    if (record) {
      AppendText(type.fields[i].name, out);
      out += ':';
    }
    AppendJson(record || type.kind == Kind::kTuple ? *type.fields[i].type : *type.element,
               MemberAt(type, object, i), out);
  }
  out += record ? '}' : ']';
}

}  // namespace

bool JsonParser::Parse(const TypeInfo& type, void* object, std::string_view text,
                       TextError* error) const {
  Scanner scanner(text, error);
  Reader reader(scanner, options_);
  if (!reader.Value(type, object)) return false;
  return scanner.AtEnd() ||
         scanner.Fail("after the value the end was expected, not " + scanner.Here());
}

void AppendJson(const TypeInfo& type, const void* object, std::string& out) {
  switch (type.kind) {
    case Kind::kString:
    case Kind::kArenaString:
      return AppendText(type.ops->get_text(object), out);
    case Kind::kFloat:
    case Kind::kDouble:
      if (std::isfinite(ReadFloating(type, object))) return AppendScalar(type, object, out);
      out += '"';
      AppendScalar(type, object, out);
      out += '"';
      return;
    case Kind::kOptional:
      if (const void* value = type.ops->get(object)) return AppendJson(*type.element, value, out);
      out += "null";
      return;
    case Kind::kVariant: {
      const std::size_t index = type.ops->index(object);
      if (index >= type.field_count)
        throw std::invalid_argument("a variant that holds nothing has no form in JSON");
      out += '[' + std::to_string(index) + ',';
      AppendJson(*type.fields[index].type, type.ops->alternative(object), out);
      out += ']';
      return;
    }
    case Kind::kRecord:
    case Kind::kTuple:
    case Kind::kArray:
    case Kind::kVector:
      return AppendMembers(type, object, out);
    case Kind::kMap:
    case Kind::kUnorderedMap:
      return AppendMap(type, object, out);
    case Kind::kCustom:
      throw std::invalid_argument("a type with a codec of its own has no form in JSON");
    default:
      return AppendScalar(type, object, out);
  }
}

}  // namespace millrace
