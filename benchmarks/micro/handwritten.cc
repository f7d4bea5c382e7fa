// The micro shapes as hand-written single-thread loops.
#include <cstring>
#include <string_view>

#include "benchmarks/micro/shapes.h"
#include "benchmarks/support/hand_table.h"

namespace micro {
namespace {

constexpr std::int64_t kBatch = 128;

void Maps(std::int64_t records) {
  Ring ring;
  for (std::int64_t i = 0; i < records; ++i) ring.Put(static_cast<std::uint64_t>(i * 2 + 1), 0);
}

void Triples(std::int64_t records) {
  Ring ring;
  std::uint64_t sum = 0;
  for (std::int64_t i = 0; i < records; ++i) {
    Triple t = MapRecord(i);
    t.a += t.b;
    if (t.id % 8 == 0) continue;
    t.b ^= t.a;
    t.a *= 5;
    sum += static_cast<std::uint64_t>(t.a + t.b);
  }
  ring.Put(sum, 0);
}

void SmallSum(std::int64_t records) {
  Ring ring;
  by_hand::Table<std::int64_t> sums(2048);
  for (std::int64_t i = 0; i < records; ++i) {
    const std::int64_t key = i % 1000;
    ring.Put(static_cast<std::uint64_t>(key), static_cast<std::uint64_t>(++sums[key]));
  }
}

void LargeSum(std::int64_t records, std::uint64_t keys) {
  Ring ring;
  by_hand::Table<std::int64_t> sums(keys * 2);
  std::int64_t batch[kBatch];
  for (std::int64_t i = 0; i < records; i += kBatch) {
    const std::int64_t count = std::min(kBatch, records - i);
    for (std::int64_t j = 0; j < count; ++j) {
      batch[j] = static_cast<std::int64_t>(Mix(static_cast<std::uint64_t>(i + j)) % keys);
      sums.Prefetch(batch[j]);
    }
    for (std::int64_t j = 0; j < count; ++j) {
      ring.Put(static_cast<std::uint64_t>(batch[j]), static_cast<std::uint64_t>(++sums[batch[j]]));
    }
  }
}

// Panes of one slide and a running total over them; a tumbling window is its only pane.
template <WindowShape kShape>
class Windows {
 public:
  void Run(std::int64_t records) {
    for (std::int64_t i = 0; i < records; ++i) {
      const Timed r = WindowRecord<kShape>(i);
      while (r.time >= pane_end_) Close();
      pane_[r.key] += r.value;
    }
    for (std::size_t i = 0; i < panes_.size(); ++i) Close();
  }

 private:
  void Close() {
    pane_end_ += kShape.slide;
    if (panes_.size() == 1) {
      pane_.ForEach([&](std::int64_t key, std::int64_t sum) { Put(key, sum); });
      pane_.Clear();
      return;
    }
    auto& oldest = panes_[static_cast<std::size_t>(pane_end_ / kShape.slide) % panes_.size()];
    for (const auto& [key, sum] : oldest) {
      Total& total = total_[key];
      total.sum -= sum;
      if (--total.panes == 0) total_.Erase(key);
    }
    oldest.clear();
    pane_.ForEach([&](std::int64_t key, std::int64_t sum) {
      oldest.emplace_back(key, sum);
      Total& total = total_[key];
      total.sum += sum;
      ++total.panes;
    });
    pane_.Clear();
    total_.ForEach([&](std::int64_t key, const Total& total) { Put(key, total.sum); });
  }
  void Put(std::int64_t key, std::int64_t sum) {
    ring_.Put(static_cast<std::uint64_t>(key), static_cast<std::uint64_t>(sum));
  }

  struct Total {
    std::int64_t sum = 0, panes = 0;
  };
  Ring ring_;
  by_hand::Table<std::int64_t> pane_;
  by_hand::Table<Total> total_;
  std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> panes_{
      static_cast<std::size_t>(kShape.size / kShape.slide)};
  std::int64_t pane_end_ = 0;
};

template <WindowShape kShape>
void Sessions(std::int64_t records) {
  struct Open {
    std::int64_t last = 0, sum = 0;
  };
  Ring ring;
  by_hand::Table<Open> open;
  const auto put = [&](std::int64_t key, const Open& s) {
    ring.Put(static_cast<std::uint64_t>(key), static_cast<std::uint64_t>(s.sum));
  };
  std::int64_t sweep = 0;
  for (std::int64_t i = 0; i < records; ++i) {
    const Timed r = WindowRecord<kShape>(i);
    if (r.time >= sweep) [[unlikely]] {
      sweep = r.time + kShape.gap / 4;
      open.EraseIf([&](std::int64_t key, const Open& s) {
        if (s.last + kShape.gap >= r.time) return false;
        put(key, s);
        return true;
      });
    }
    Open& s = open[r.key];
    if (s.sum > 0 && r.time > s.last + kShape.gap) {
      put(r.key, s);
      s.sum = 0;
    }
    s.sum += r.value;
    s.last = r.time;
  }
  open.ForEach(put);
}

class Words {
 public:
  void Run(std::int64_t records) {
    const std::vector<std::string>& lines = Lines();
    for (std::int64_t i = 0; i < records; ++i) {
      const std::string line = lines[static_cast<std::size_t>(i % 1000)];  // the source's own copy
      const std::string_view text = line;
      for (std::size_t from = 0; from < text.size();) {
        const std::size_t to = std::min(text.find(' ', from), text.size());
        Count(text.substr(from, to - from));
        from = to + 1;
      }
    }
  }

 private:
  struct Cell {
    std::uint64_t hash = 0;
    std::string word;
    std::int64_t count = 0;
  };
  void Count(std::string_view word) {
    std::uint64_t hash = word.size();
    for (std::size_t i = 0; i < word.size(); i += 8) {
      std::uint64_t part = 0;
      std::memcpy(&part, word.data() + i, std::min<std::size_t>(8, word.size() - i));
      hash = Mix(hash ^ part) | 1;
    }
    std::size_t i = hash & (kCells - 1);
    while (cells_[i].hash != 0 && (cells_[i].hash != hash || cells_[i].word != word))
      i = (i + 1) & (kCells - 1);
    Cell& cell = cells_[i];
    if (cell.hash == 0) {
      cell.hash = hash;
      cell.word = word;
    }
    ring_.Put(word.size(), static_cast<std::uint64_t>(++cell.count));
  }
  static constexpr std::size_t kCells = 32768;
  std::vector<Cell> cells_{kCells};
  Ring ring_;
};

}  // namespace

bool RunByHand(const std::string& shape, std::int64_t records) {
  const auto windows = [&]<WindowShape kShape> {
    if constexpr (kShape.gap > 0) {
      Sessions<kShape>(records);
    } else {
      Windows<kShape>().Run(records);
    }
  };
  if (WithWindowShape(shape, windows)) return true;
  if (shape == "mapSinkLong" || shape == "mapRebalanceMapSink") {
    Maps(records);
  } else if (shape == "mapSink") {
    Triples(records);
  } else if (shape == "keyedSum1K") {
    SmallSum(records);
  } else if (shape == "keyedSum1M") {
    LargeSum(records, 1000000);
  } else if (shape == "keyedSum10M") {
    LargeSum(records, 10000000);
  } else if (shape == "wordCount") {
    Words().Run(records);
  } else {
    return false;
  }
  return true;
}

}  // namespace micro
