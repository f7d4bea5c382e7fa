#pragma once

#include <string_view>
#include <vector>

namespace millrace {

/// The known word nearest to `word`, at most two edits away and letters of either case alike, or "": for "did you mean".
std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace millrace
