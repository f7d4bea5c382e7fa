#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "millrace/base/arena.h"
#include "millrace/base/check.h"

namespace millrace {

/// Text on hot paths: a trivially copyable 16-byte view. Made from other text it copies the bytes into the arena
/// of the running task; copying a String copies the view only.
///
/// Lifetime: in a record, as long as the record's batch. State copies the bytes into its own memory. A String
/// kept elsewhere (a lambda's capture, a global) dangles: keep a std::string there. Outside tasks, e.g. in
/// main, the bytes live as long as the thread. Text that is there as long as the process (`Static`) is never copied. At most
/// 4 GiB - 1.
///
///   struct Bid { std::int64_t auction; millrace::String extra; };
///   bid.extra = event.text;   // one copy into the arena, no allocation
class String {
 public:
  constexpr String() = default;
  String(std::string_view text) { Copy(text); }    // NOLINT: implicit on purpose
  String(const char* text) { Copy(text); }         // NOLINT: implicit on purpose
  String(const std::string& text) { Copy(text); }  // NOLINT: implicit on purpose

  /// A view of bytes that somebody else keeps alive. Reads none of them: they may be far from the caches, and never be asked for.
  static String View(std::string_view text) {
    MILLRACE_CHECK(text.size() <= UINT32_MAX, "a String holds at most 4 GiB - 1");
    String s;
    s.data_ = text.data();
    s.size_ = static_cast<std::uint32_t>(text.size());
    return s;
  }

  /// A view of bytes that stand as long as the process does: a literal, or a table that is never freed. Nobody copies
  /// them: no batch, and no state, which keeps the view. (What leaves the process, checkpoints included, has the bytes.)
  ///
  ///   static const char* const kNames[] = {"low", "high"};
  ///   reading.level = String::Static(kNames[value > limit]);
  static String Static(std::string_view text) {
    String s = View(text);
    s.static_ = 1;
    return s;
  }
  bool is_static() const { return static_ != 0; }

  /// The same text, of which the bytes were copied to `data`.
  String CopiedTo(const char* data) const {
    String s = *this;
    s.data_ = data;
    s.static_ = 0;
    return s;
  }

  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  operator std::string_view() const { return {data_, size_}; }  // NOLINT: implicit on purpose
  std::string_view view() const { return {data_, size_}; }
  std::string str() const { return std::string(data_, size_); }

  friend bool operator==(const String& a, const String& b) {
    return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.size_) == 0);
  }
  friend std::strong_ordering operator<=>(const String& a, const String& b) {
    return a.view().compare(b.view()) <=> 0;
  }

 private:
  void Copy(std::string_view text) {
    if (text.empty()) return;
    char* p = CurrentArena().Allocate(text.size());
    std::memcpy(p, text.data(), text.size());
    *this = View(text).CopiedTo(p);
  }

  const char* data_ = "";
  std::uint32_t size_ = 0;
  std::uint32_t static_ = 0;  // a word, so that no byte of a String is without a value
};

static_assert(sizeof(String) == 16);

}  // namespace millrace
