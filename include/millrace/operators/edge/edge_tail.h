#pragma once

#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "millrace/base/arena.h"
#include "millrace/io/batch.h"
#include "millrace/io/key.h"
#include "millrace/operators/chain/chain.h"
#include "millrace/operators/chain/chain_tail.h"
#include "millrace/operators/edge/routers.h"
#include "millrace/operators/edge/row_stage.h"

namespace millrace {

/// The end of a chain that feeds one edge: each row is written where it will be read, in the open batch of
/// its target.
template <class T, class Router>
class EdgeTail final : public EdgeTailBase {
 public:
  using Record = T;
  using Tail = EdgeTail;
  static constexpr bool kHasEdges = true;
  explicit EdgeTail(Router router) : router_(std::move(router)) {}

  void Bind(ChainContext& c) { BindTo(c.operator_context(), 0, 0); }
  void BindTo(OperatorContext& context, std::size_t output, std::size_t edge) {
    edge_ = context.outputs[output][edge];
    counters_ = context.counters;
    router_.Bind(context.subtask, edge_->targets());
    if constexpr (kStaged) {
      if (RowStage<T>::Serves(*edge_)) stage_ = std::make_shared<RowStage<T>>(*edge_);
    }
  }
  EdgeTail& tail() { return *this; }
  /// From here on the texts of a row may belong to whoever pushes it, until EndLent: an edge within the task takes it without
  /// a copy of them.
  void LendTexts() {
    if constexpr (kHasStringView<T>) lent_ = edge_->MayLend();
  }
  void EndLent() {
    if (lent_) edge_->EndLent();
  }

  /// With one target, or with a stage in front of several, one builder is kept in registers during the loop, and written
  /// back at the end. (So nothing here may take the cursor's address out of line.) Nothing depends on the keys' hashes
  /// then: they are computed for all new rows at once, when the builder is put back or is full.
  struct Cursor {
    EdgeTail* tail;
    OutputEdge::Builder* builders;
    std::uint64_t count = 0;
    bool single = false;
    bool lent = false;
    OutputEdge::Builder only{};
    std::uint32_t hashed = 0;  // rows of `only` that have their hash

    template <class U>
    MILLRACE_INLINE void Push(U& x, EventTime t) {
      ++count;
      if constexpr (Router::kBroadcast) {
        for (std::uint32_t i = 0; i < tail->edge_->targets(); ++i) {
          Write(builders[i], i, std::as_const(x), t, 0);
        }
      } else if (single) {
        if (only.size == only.capacity) [[unlikely]] {
          only = tail->Reopened(only, hashed);
          hashed = 0;
        }
        Append<false>(only, x, t, 0);
      } else {
        const Route route = tail->router_.RouteOf(std::as_const(x));
        Write(builders[route.target], route.target, x, t, route.hash);
      }
    }
    /// Plain rows only: what stood in the slot needs no end.
    using Made = std::conditional_t<std::is_trivially_copyable_v<T>, T, void>;
    template <class Make>
    MILLRACE_INLINE void PushMade(Make make, EventTime t) {
      alignas(T) std::byte elsewhere[sizeof(T)];
      if (single && only.size == only.capacity) [[unlikely]] {
        only = tail->Reopened(only, hashed);
        hashed = 0;
      }
      const std::uint32_t at = only.size;
      // One call, whose code is there once.
      T* const made = new (single ? only.rows + at * sizeof(T) : elsewhere) T(make());
      if (!single) return Push(*made, t);
      ++count;
      Finish<false>(only, at, *made, t, 0);
    }
    MILLRACE_INLINE void End() {
      PutBack();
      tail->counters_->out.Add(count);
    }
    /// The end without counting: for edges of an output that counts itself.
    MILLRACE_INLINE void PutBack() {
      if (single) tail->TakeBack(only, hashed);
    }

   private:
    template <class U>
    MILLRACE_INLINE void Write(OutputEdge::Builder& b, std::uint32_t target, U& x, EventTime t,
                               std::uint64_t hash) {
      if (b.size == b.capacity) [[unlikely]]
        tail->edge_->MakeRoom(target);
      Append<Router::kHashed>(b, x, t, hash);
    }
    template <bool kWithHash, class U>
    MILLRACE_INLINE void Append(OutputEdge::Builder& b, U& x, EventTime t, std::uint64_t hash) {
      const std::uint32_t at =
          b.size;  // in a register: what is written to the row may alias the builder
      T& slot = reinterpret_cast<T*>(b.rows)[at];
      if constexpr (std::is_const_v<U>) {
        CopyInto(slot, x);
      } else {
        MoveInto(slot, x);
      }
      Finish<kWithHash>(b, at, slot, t, hash);
    }
    template <bool kWithHash>
    MILLRACE_INLINE void Finish(OutputEdge::Builder& b, std::uint32_t at, T& slot, EventTime t,
                                std::uint64_t hash) {
      if constexpr (kHasStringView<T>) {
        if (lent) {
          FetchStrings(slot);
        } else {
          AdoptStrings(slot, tail->edge_->arena());
        }
      }
      if constexpr (kWithHash) b.hashes[at] = hash;
      if (b.times != nullptr) b.times[at] = t;
      b.size = at + 1;
      if constexpr (kHasHeap<T> || kHasStringView<T>) {
        b.dynamic_bytes += DynamicBytes(slot);
        if (b.dynamic_bytes > tail->edge_->max_dynamic_bytes()) [[unlikely]]
          b.capacity = b.size;
      }
    }
  };
  MILLRACE_INLINE Cursor Begin() {
    Cursor cursor{this, edge_->builders()};
    cursor.lent = lent_;
    if constexpr (kStaged) {
      if (stage_ != nullptr) {
        cursor.single = true;
        cursor.only = stage_->Empty();
        return cursor;
      }
    }
    if constexpr (Router::kOneTargetIsAll) {
      cursor.single = edge_->targets() == 1;
      if (cursor.single) {
        cursor.only = cursor.builders[0];
        cursor.hashed = cursor.only.size;
      }
    }
    return cursor;
  }

 private:
  static constexpr bool kStaged = Router::kHashed && RowStage<T>::kServes;

  /// Makes room in the one builder that a cursor holds.
  [[gnu::noinline]] OutputEdge::Builder Reopened(OutputEdge::Builder full, std::uint32_t hashed) {
    TakeBack(full, hashed);
    if constexpr (kStaged) {
      if (stage_ != nullptr) return stage_->Empty();
    }
    edge_->MakeRoom(0);
    return edge_->builders()[0];
  }

  /// By value: a builder whose address goes out of line is none in registers.
  [[gnu::noinline]] void TakeBack(OutputEdge::Builder held, std::uint32_t hashed) {
    HashNewRows(held, hashed);
    if constexpr (kStaged) {
      if (stage_ != nullptr) return stage_->Deal(held, *edge_);
    }
    edge_->builders()[0] = held;
  }

  void HashNewRows(const OutputEdge::Builder& b, std::uint32_t hashed) const {
    if constexpr (Router::kHashed) {
      router_.HashRows(reinterpret_cast<const T*>(b.rows) + hashed, b.size - hashed,
                       b.hashes + hashed);
    }
  }

  Router router_;
  std::shared_ptr<RowStage<T>> stage_;  // shared by nobody: a tail is copied before it is bound
  OperatorCounters* counters_ = nullptr;
  bool lent_ = false;
};

}  // namespace millrace
