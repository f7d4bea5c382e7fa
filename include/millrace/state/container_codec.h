#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>

#include "millrace/state/stored.h"

namespace millrace {

/// The column of a map state: u32 count, then keys and values in turn.
template <class Map>
struct MapColumnCodec {
  using Key = typename Map::key_type;
  using Value = ColumnCodec<typename Map::mapped_type>;
  static constexpr bool kExists = kSerializable<Key> && Value::kExists;
  static constexpr bool kBulk = false;

  static void Encode(const Map& map, ByteWriter& out) {
    out.PutCount(map.size());
    for (const auto& [key, value] : map) {
      millrace::Encode(key, out);
      Value::Encode(value, out);
    }
  }
  static bool Decode(ByteReader& in, Map& map) {
    map.clear();
    std::uint32_t count = 0;
    if (!in.GetCount(std::max<std::size_t>(internal::kFacts<Key>.min_bytes, 1), &count))
      return false;
    for (; count > 0; --count) {
      Key key{};
      if (!millrace::Decode(in, key)) return false;
      if (!Value::Decode(in, map[std::move(key)])) return false;
    }
    return true;
  }
};

template <class K, class V, class... More>
struct ColumnCodec<std::map<K, V, More...>> : MapColumnCodec<std::map<K, V, More...>> {};
template <class K, class V, class... More>
struct ColumnCodec<std::unordered_map<K, V, More...>>
    : MapColumnCodec<std::unordered_map<K, V, More...>> {};

}  // namespace millrace
