#pragma once

#include <span>
#include <string_view>

#include "api/option_values.h"
#include "millrace/graph/recovery_settings.h"

namespace millrace {

/// The keys `checkpoint.*` and `restart-strategy.*`, for --help.
std::span<const OptionKey> RecoveryKeys();
bool IsRecoveryKey(std::string_view key);
/// Of a key that IsRecoveryKey. INVALID_ARGUMENT for a value that makes no sense, UNIMPLEMENTED for one of a later version.
Status SetRecoveryOption(std::string_view key, std::string_view value,
                         CheckpointSettings* checkpoints, RestartSettings* restart);
/// What can't be said of one key alone: checkpoints without a folder, and the like.
Status CheckRecoveryOptions(const CheckpointSettings& checkpoints, const RestartSettings& restart);

}  // namespace millrace
