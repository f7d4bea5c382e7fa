#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "millrace/state/keyed_state.h"
#include "millrace/state/stored.h"
#include "millrace/state/ttl.h"

namespace millrace {

/// A value that stands in a row, or in a list, with the time of its last write. The value is at offset 0.
template <class S>
struct Timed {
  S value{};
  std::int64_t stamp = 0;
  std::size_t held_bytes() const { return HeldBytes(value); }
};
namespace internal {
template <class S>
inline constexpr bool kHoldsElements<Timed<S>> = kHoldsElements<S>;
}  // namespace internal

template <class S>
inline constexpr bool kMovesAsBytes<Timed<S>> = kMovesAsBytes<S>;

template <class S>
struct ColumnCodec<Timed<S>> {
  static constexpr bool kExists = ColumnCodec<S>::kExists;
  static constexpr bool kBulk = false;
  static void Encode(const Timed<S>& timed, ByteWriter& out) {
    out.Put(timed.stamp);
    ColumnCodec<S>::Encode(timed.value, out);
  }
  static bool Decode(ByteReader& in, Timed<S>& timed) {
    return in.Get(&timed.stamp) && ColumnCodec<S>::Decode(in, timed.value);
  }
};

/// What all states with a time to live add to StateMember.
class ExpiringMember : public StateMember {
 public:
  using StateMember::StateMember;

 protected:
  ExpiringMember() = default;

  void SetTtl(const Ttl& ttl) { ttl_ = ttl; }
  const Ttl& ttl() const { return ttl_; }
  std::int64_t Now() const { return context().expiry().Now(ttl_.domain()); }
  bool Expired(std::int64_t stamp) const { return ttl_.Expired(stamp, Now()); }
  /// Nobody is to see it any more.
  bool Hidden(std::int64_t stamp) const { return !ttl_.returns_expired() && Expired(stamp); }
  /// The state has a value, whether or not it has expired.
  bool Held() const { return StateMember::Present(); }
  /// The row has a value with this stamp now.
  void NoteExpiry(std::int64_t stamp) const {
    context_->expiry().Note(context_->Writable(), context_->hash(), ttl_.domain(),
                            ttl_.ExpiresAt(stamp));
  }

 private:
  Ttl ttl_{Duration(0)};
};

/// The same for states with one value, a T, in a column of Timed<Stored<T>>.
template <class T>
class ExpiringValue : public ExpiringMember {
 public:
  using ExpiringMember::ExpiringMember;

 protected:
  static ExpiryOps Ops(const Ttl& ttl) {
    return {ttl, [](const std::byte* at) { return ColumnAt(at).stamp; },
            [](std::byte* at, const Ttl&, std::int64_t, std::int64_t* freed) {
              *freed += static_cast<std::int64_t>(DynamicBytes(StoredGet<T>(at)));
              return true;
            }};
  }
  bool Present() const { return Held() && !Hidden(ColumnAt(At()).stamp); }
  const std::byte* ReadAt() const {
    if (ttl().updates_on_read() && !Expired(ColumnAt(At()).stamp)) Stamp(false);
    return At();
  }
  std::byte* WritableAt(bool* fresh) {
    std::byte* const at = StateMember::WritableAt(fresh);
    if (!*fresh && Hidden(ColumnAt(at).stamp)) {
      Grow(0, DynamicBytes(StoredGet<T>(at)));
      *fresh = true;
    }
    Stamp(*fresh);
    return at;
  }

 private:
  using Column = Timed<Stored<T>>;
  static const Column& ColumnAt(const std::byte* at) {
    return *reinterpret_cast<const Column*>(at);
  }
  /// In event time a record may come behind one that is later: the value does not become older.
  void Stamp(bool fresh) const {
    std::int64_t& stamp = reinterpret_cast<Column*>(context_->Writable() + offset_)->stamp;
    stamp = fresh ? Now() : std::max(stamp, Now());
    NoteExpiry(stamp);
  }
};

namespace internal {

/// What a state with one value is made of: its base and its column.
template <class T, class Life>
struct ValueShape {
  static_assert(std::is_same_v<Life, Ttl>,
                "millrace: state: the last type says how long it lives: Ttl, or nothing");
  using Member = ExpiringValue<T>;
  using Column = Timed<Stored<T>>;
};
template <class T>
struct ValueShape<T, Forever> {
  using Member = StateMember;
  using Column = Stored<T>;
};

}  // namespace internal
}  // namespace millrace
