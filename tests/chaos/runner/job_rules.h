#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/chaos/runner/exactness.h"

namespace millrace::chaos {

/// How the rows of a job of the chaos runner are to be read: all_features, or a Nexmark query. None when there is no such job.
std::optional<RowRules> RulesOf(std::string_view job);

/// The bucket of a row of all_features: rows that claim an order stand in one, for only there is one kept.
std::string BucketOfRow(const std::string& row);

/// How the last row of its key is written where rows are updates: the key, this, the text.
inline constexpr char kKeyEnd = '\t';

}  // namespace millrace::chaos
