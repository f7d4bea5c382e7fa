#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "millrace/io/key.h"
#include "millrace/operators/collector.h"

namespace millrace::internal {

/// Key selectors: `operator()(const T&) const` gives the key or a reference to it.
template <class T, class M>
struct MemberKey {
  M T::* member;
  MILLRACE_INLINE const M& operator()(const T& record) const { return record.*member; }
};
template <class T, class... Ms>
struct FieldsKey {
  std::tuple<Ms T::*...> members;
  MILLRACE_INLINE std::tuple<Ms...> operator()(const T& record) const {
    return std::apply([&](auto... m) { return std::tuple<Ms...>(record.*m...); }, members);
  }
};

template <class T, class M>
  requires std::is_member_object_pointer_v<M T::*>
MemberKey<T, M> MakeKey(M T::* member) {
  return {member};
}
template <class T, class M, class... Ms>
  requires(sizeof...(Ms) > 0)
FieldsKey<T, M, Ms...> MakeKey(M T::* first, Ms T::*... rest) {
  return {std::tuple<M T::*, Ms T::*...>(first, rest...)};
}
template <class F>
  requires(!std::is_member_pointer_v<F>)
F MakeKey(F fn) {
  return fn;
}

template <class F, class T>
using KeyOf = std::remove_cvref_t<decltype(std::declval<const F&>()(std::declval<const T&>()))>;

}  // namespace millrace::internal
