#pragma once

#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/nexmark/rows.h"

namespace nexmark {

/// What is measured: each row is written into a ring of 64 rows of volatile memory.
struct RingSink {
  static constexpr int kWords = 24;
  struct Writer {
    std::unique_ptr<volatile std::uint64_t[]> ring{new volatile std::uint64_t[64 * kWords]};
    unsigned next = 0;
    template <class Row>
    void Write(const Row& row, millrace::EventTime) {
      static_assert(sizeof(Row) <= kWords * 8);
      constexpr std::size_t kRowWords = sizeof(Row) / 8;
      std::uint64_t words[kWords];
      std::memcpy(words, &row, sizeof(Row));
      volatile std::uint64_t* to = ring.get() + (next++ & 63) * kWords;
      for (std::size_t i = 0; i < kRowWords; ++i) to[i] = words[i];
    }
  };
  Writer CreateWriter(const millrace::WriterContext&) const { return {}; }
};

/// Where the rows of a CheckSink go. As a sink's writer (sink_tail.h), after which the calls are named.
struct RowTarget {
  virtual ~RowTarget() = default;
  /// `key`: of the row that this one replaces; null when it replaces none.
  virtual void Write(const std::string* key, const RowText& row) = 0;
  virtual void Flush() {}
  virtual std::vector<std::string> PrepareCommit() { return {}; }
  virtual void Commit(const std::vector<std::string>&) {}
  virtual void AbortLeftovers() {}
  virtual void Close() = 0;
};

/// What is checked: rows as the oracle's text, put into the materialised table that all writers share; theirs have disjoint
/// keys. Or into targets that somebody else makes.
struct CheckSink {
  struct Shared {
    std::mutex mutex;
    ResultTable table;
    bool print = false;  // each writer prints its part
  };
  using MakeTarget = std::function<std::unique_ptr<RowTarget>(const millrace::WriterContext&)>;
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  MakeTarget make_target;  // empty: the table

  struct Writer {
    std::unique_ptr<RowTarget> target;
    template <class Row>
    void Write(const Row& row, millrace::EventTime) {
      RowText text;
      row.Text(text);
      if constexpr (requires { row.Key(); }) {
        const std::string key = row.Key();
        target->Write(&key, text);
      } else {
        target->Write(nullptr, text);
      }
    }
    void Flush() { target->Flush(); }
    std::vector<std::string> PrepareCommit() { return target->PrepareCommit(); }
    void Commit(const std::vector<std::string>& committables) { target->Commit(committables); }
    void AbortLeftovers() { target->AbortLeftovers(); }
    void Close() { target->Close(); }
  };
  Writer CreateWriter(const millrace::WriterContext& context) const {
    if (make_target) return {make_target(context)};
    return {std::make_unique<TablePart>(shared)};
  }

 private:
  struct TablePart final : RowTarget {
    explicit TablePart(std::shared_ptr<Shared> to) : shared(std::move(to)) {}
    void Write(const std::string* key, const RowText& row) override {
      if (key != nullptr) {
        table.Upsert(*key, row);
      } else {
        table.Append(row);
      }
    }
    void Close() override {
      std::lock_guard lock(shared->mutex);
      shared->table.Merge(table);
      if (shared->print)
        std::printf("%llu %s\n", static_cast<unsigned long long>(table.rows()),
                    table.checksum().c_str());
    }
    std::shared_ptr<Shared> shared;
    ResultTable table;
  };
};

}  // namespace nexmark
