#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "millrace/io/codec.h"
#include "millrace/operators/source/source_api.h"

namespace millrace {

/// An enumerator over splits that are known from the start. Split i goes to subtask i modulo the parallelism, up to
/// `at_once` of a subtask's splits together: they are read in turn, so that their time lines advance together.
std::unique_ptr<SplitEnumerator> MakeStaticSplitsOf(std::vector<std::string> splits,
                                                    int parallelism,
                                                    std::size_t at_once = SIZE_MAX);

template <class Split>
std::unique_ptr<SplitEnumerator> MakeStaticSplits(const std::vector<Split>& splits, int parallelism,
                                                  std::size_t at_once = SIZE_MAX) {
  std::vector<std::string> encoded;
  if constexpr (kSerializable<Split>) {  // else FromSource says so
    for (const Split& split : splits) {
      ByteWriter out;
      Encode(split, out);
      encoded.push_back(std::string(out.view()));
    }
  }
  return MakeStaticSplitsOf(std::move(encoded), parallelism, at_once);
}

}  // namespace millrace
