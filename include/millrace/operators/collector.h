#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "millrace/base/inline.h"
#include "millrace/base/time.h"
#include "millrace/io/value_traits.h"

namespace millrace {

/// Takes the records a function emits: `out.Emit(record)`, or `out.Next()` to fill a recycled record in
/// place, which costs no allocation for strings. Emitting always succeeds. Valid during the call only.
///
/// Example:
///   .FlatMap("words", [](const std::string& line, millrace::Collector<Word>& out) { out.Emit({...}); })
template <class R>
class Collector {
 public:
  template <class C>
  explicit Collector(C& inner)
      : inner_(&inner),
        emit_([](void* c, R& r) { static_cast<C*>(c)->EmitRef(r); }),
        emit_at_([](void* c, R& r, EventTime t) { static_cast<C*>(c)->EmitAt(std::move(r), t); }),
        next_([](void* c) -> R& { return static_cast<C*>(c)->Next(); }) {}

  /// Emits a record.
  template <class U = R>
  void Emit(U&& record) {
    constexpr bool ok = std::is_constructible_v<R, U&&>;
    static_assert(ok, "millrace: Emit: the record (U) is not of the collector's type (R)");
    if constexpr (std::is_same_v<U, R>) {
      emit_(inner_, record);  // an rvalue of the exact type
    } else if constexpr (ok) {
      R converted(std::forward<U>(record));
      emit_(inner_, converted);
    }
  }
  /// Emits a record with an event time of its own instead of the one of the record at hand. Behind the watermark it
  /// is late.
  void EmitAt(R record, EventTime time) { emit_at_(inner_, record, time); }
  /// A record to fill; emitted at the next call, or when the function returns. Holds an older record's
  /// values (and its strings' capacity): set every field.
  R& Next() { return next_(inner_); }

 private:
  void* inner_;
  void (*emit_)(void*, R&);
  void (*emit_at_)(void*, R&, EventTime);
  R& (*next_)(void*);
};

/// The collector that a generic function (`auto& out`) gets: inlined into the chain.
template <class R, class Cursor>
class CursorCollector {
 public:
  MILLRACE_INLINE CursorCollector(Cursor& next, R& scratch, EventTime time, std::uint64_t& count)
      : next_(next), scratch_(scratch), time_(time), count_(count) {}

  template <class U = R>
  MILLRACE_INLINE void Emit(U&& record) {
    constexpr bool ok = std::is_constructible_v<R, U&&>;
    static_assert(ok, "millrace: Emit: the record (U) is not of the collector's type (R)");
    if constexpr (std::is_same_v<U, R>) {
      EmitRef(record);  // an rvalue of the exact type
    } else if constexpr (std::is_same_v<std::remove_cvref_t<U>, R>) {
      Done();
      CopyInto(scratch_, record);
      EmitRef(scratch_);
    } else if constexpr (ok) {
      R converted(std::forward<U>(record));
      EmitRef(converted);
    }
  }
  /// Emits a record with another event time than the one at hand.
  MILLRACE_INLINE void EmitAt(R record, EventTime time) {
    Done();
    ++count_;
    next_.Push(record, time);
  }
  MILLRACE_INLINE R& Next() {
    Done();
    pending_ = true;
    return scratch_;
  }

  MILLRACE_INLINE void EmitRef(R& record) {
    Done();
    ++count_;
    next_.Push(record, time_);
  }
  /// Emits what Next() handed out.
  MILLRACE_INLINE void Done() {
    if (!pending_) return;
    pending_ = false;
    ++count_;
    next_.Push(scratch_, time_);
  }

 private:
  Cursor& next_;
  R& scratch_;
  EventTime time_;
  std::uint64_t& count_;
  bool pending_ = false;
};

}  // namespace millrace
