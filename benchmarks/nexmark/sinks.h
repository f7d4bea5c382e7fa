#pragma once

#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>

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

/// What is checked: the materialised table. Shared by the writers, which have disjoint keys.
struct CheckSink {
  struct Shared {
    std::mutex mutex;
    ResultTable table;
    bool print = false;  // each writer prints its part
  };
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  struct Writer {
    std::shared_ptr<Shared> shared;
    ResultTable table;
    template <class Row>
    void Write(const Row& row, millrace::EventTime) {
      RowText text;
      row.Text(text);
      if constexpr (requires { row.Key(); }) {
        table.Upsert(row.Key(), text);
      } else {
        table.Append(text);
      }
    }
    void Close() {
      std::lock_guard lock(shared->mutex);
      shared->table.Merge(table);
      if (shared->print)
        std::printf("%llu %s\n", static_cast<unsigned long long>(table.rows()),
                    table.checksum().c_str());
    }
  };
  Writer CreateWriter(const millrace::WriterContext&) const { return {shared, {}}; }
};

}  // namespace nexmark
