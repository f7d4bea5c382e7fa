#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_map>

namespace nexmark {

inline std::uint64_t Fnv1a(std::string_view text, std::uint64_t h = 0xcbf29ce484222325ULL) {
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h;
}

/// The text of a result row, as baseline/flink/README.md defines it: columns joined by '|'.
class RowText {
 public:
  RowText& operator<<(std::int64_t v) { return *this << std::string_view(std::to_string(v)); }
  RowText& operator<<(std::string_view v) {
    if (any_) text_ += '|';
    any_ = true;
    text_ += v;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool any_ = false;
};

/// The final, materialised result: a multiset of rows, and for upserts the last row per key.
class ResultTable {
 public:
  void Append(const RowText& row) {
    ++rows_;
    sum_ += Fnv1a(row.text());
  }
  void Upsert(const std::string& key, const RowText& row) {
    const std::uint64_t h = Fnv1a(row.text());
    const auto [it, fresh] = last_.emplace(key, h);
    if (fresh) {
      ++rows_;
    } else {
      sum_ -= it->second;
      it->second = h;
    }
    sum_ += h;
  }
  void Merge(const ResultTable& other) {  // of disjoint keys
    rows_ += other.rows_;
    sum_ += other.sum_;
  }
  std::uint64_t rows() const { return rows_; }
  std::string checksum() const {
    char text[24];
    std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(sum_));
    return text;
  }

 private:
  std::uint64_t rows_ = 0;
  std::uint64_t sum_ = 0;
  std::unordered_map<std::string, std::uint64_t> last_;
};

}  // namespace nexmark
