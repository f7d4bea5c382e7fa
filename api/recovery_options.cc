#include "api/recovery_options.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {
namespace {

using Kind = RestartSettings::Kind;

struct Target {
  CheckpointSettings* checkpoints;
  RestartSettings* restart;
};
/// A key with how its value is taken over.
struct RecoveryKey {
  OptionKey key;
  Status (*set)(std::string_view name, std::string_view value, Target to);
};

template <class T>
Status Take(Result<T> from, auto* to) {
  if (!from.ok()) return from.status();
  *to = static_cast<std::remove_pointer_t<decltype(to)>>(from.value());
  return Status::Ok();
}
std::string D(std::string_view name) {
  return "-D " + std::string(name);
}

constexpr std::int64_t kMany = 1000000000;

Status SetMode(std::string_view name, std::string_view value, Target to) {
  using Mode = CheckpointSettings::Mode;
  if (value != "aligned" && value != "unaligned" && value != "at-least-once")
    return OneOf(name, value, "aligned, unaligned, at-least-once");
  to.checkpoints->mode = value == "aligned"     ? Mode::kAligned
                         : value == "unaligned" ? Mode::kUnaligned
                                                : Mode::kAtLeastOnce;
  return Status::Ok();
}

Status SetPackBelow(std::string_view name, std::string_view value, Target to) {
  constexpr std::int64_t kMost = 1 << 20;  // a task holds so much until its snapshot has ended
  const auto bytes = Bytes(D(name), value, true);
  if (!bytes.ok()) return bytes.status();
  if (bytes.value() > kMost)
    return Status::InvalidArgument("option " + D(name) + ": '" + std::string(value) +
                                   "' is more than 1MiB");
  to.checkpoints->pack_below = bytes.value();
  return Status::Ok();
}

Status SetType(std::string_view name, std::string_view value, Target to) {
  static constexpr std::pair<std::string_view, Kind> kTypes[] = {
      {"none", Kind::kNone},
      {"fixed-delay", Kind::kFixedDelay},
      {"failure-rate", Kind::kFailureRate},
      {"exponential-delay", Kind::kExponentialDelay}};
  for (const auto& [type, kind] : kTypes) {
    if (value != type) continue;
    to.restart->kind = kind;
    return Status::Ok();
  }
  return OneOf(name, value, "none, fixed-delay, failure-rate, exponential-delay");
}

// What takes a value over to where a key's row says.
template <auto Where, bool kMayBeZero>
Status Nanos(std::string_view name, std::string_view value, Target to) {
  return Take(DurationNanos(D(name), value, kMayBeZero), Where(to));
}
template <auto Where, std::int64_t kLow, std::int64_t kHigh>
Status Count(std::string_view name, std::string_view value, Target to) {
  return Take(Number(D(name), value, kLow, kHigh), Where(to));
}
template <auto Where, int kLow, int kHigh>
Status Factor(std::string_view name, std::string_view value, Target to) {
  return Take(Decimal(D(name), value, kLow, kHigh), Where(to));
}

constexpr RecoveryKey kKeys[] = {
    {{"checkpoint.interval", "TIME", "take a checkpoint so often, e.g. 1s; needs checkpoint.dir"},
     Nanos<[](Target t) { return &t.checkpoints->interval_nanos; }, false>},
    {{"checkpoint.dir", "PATH", "the folder for them; one for each job"},
     [](std::string_view name, std::string_view value, Target to) {
       to.checkpoints->dir = value;
       return value.empty() ? Status::InvalidArgument("option " + D(name) + " needs a folder")
                            : Status::Ok();
     }},
    {{"checkpoint.local-copy", "PATH",
      "a folder on a fast disk of this machine, for second copies that a restore reads first"},
     [](std::string_view name, std::string_view value, Target to) {
       to.checkpoints->local_copy = value;
       return value.empty() ? Status::InvalidArgument("option " + D(name) + " needs a folder")
                            : Status::Ok();
     }},
    {{"checkpoint.pause", "TIME",
      "at least, from the end of one to the begin of the next; default 0s"},
     Nanos<[](Target t) { return &t.checkpoints->pause_nanos; }, true>},
    {{"checkpoint.timeout", "TIME", "one that takes longer is given up; default 10min"},
     Nanos<[](Target t) { return &t.checkpoints->timeout_nanos; }, false>},
    {{"checkpoint.tolerable-failures", "NUMBER", "in a row, before the job fails; default 0"},
     Count<[](Target t) { return &t.checkpoints->tolerable_failures; }, 0, kMany>},
    {{"checkpoint.retain", "NUMBER", "how many complete ones are kept; default 3"},
     Count<[](Target t) { return &t.checkpoints->retain; }, 1, 1000000>},
    {{"checkpoint.compression", "none|zstd", "of the files with the state; default none"},
     [](std::string_view name, std::string_view value, Target to) {
       to.checkpoints->compressed = value == "zstd";
       return value == "zstd" || value == "none" ? Status::Ok() : OneOf(name, value, "none, zstd");
     }},
    {{"checkpoint.pack-below", "BYTES",
      "tasks' parts of less than this share a file; default 16KiB, 0: none do"},
     SetPackBelow},
    {{"checkpoint.scrub-interval", "TIME",
      "how often retained ones are read again, to find damaged ones; default 1h, 0s is never"},
     Nanos<[](Target t) { return &t.checkpoints->scrub_nanos; }, true>},
    {{"checkpoint.history", "NUMBER", "of how many --metrics tells; default 10"},
     Count<[](Target t) { return &t.checkpoints->history; }, 1, 100000>},
    {{"checkpoint.max-concurrent", "1|2", "how many may be under way at once; default 1"},
     Count<[](Target t) { return &t.checkpoints->max_concurrent; }, 1, 2>},
    {{"checkpoint.mode", "aligned|unaligned|at-least-once",
      "unaligned: barriers overtake records; at-least-once: none waits for others; default "
      "aligned"},
     SetMode},
    {{"checkpoint.alignment-timeout", "TIME",
      "unaligned: a barrier waits so long before it overtakes; default 0s"},
     Nanos<[](Target t) { return &t.checkpoints->alignment_timeout_nanos; }, true>},
    {{"restart-strategy.type", "TYPE",
      "after a failure, with checkpoints: exponential-delay (default), fixed-delay, failure-rate, "
      "none"},
     SetType},
    {{"restart-strategy.fixed-delay.attempts", "NUMBER", "restarts; default 1"},
     Count<[](Target t) { return &t.restart->fixed.attempts; }, 0, kMany>},
    {{"restart-strategy.fixed-delay.delay", "TIME", "before each; default 1s"},
     Nanos<[](Target t) { return &t.restart->fixed.delay_nanos; }, true>},
    {{"restart-strategy.failure-rate.max-failures-per-interval", "NUMBER",
      "more end the job; default 1"},
     Count<[](Target t) { return &t.restart->rate.max_failures; }, 0, kMany>},
    {{"restart-strategy.failure-rate.failure-rate-interval", "TIME", "that interval; default 1min"},
     Nanos<[](Target t) { return &t.restart->rate.interval_nanos; }, false>},
    {{"restart-strategy.failure-rate.delay", "TIME", "before each restart; default 1s"},
     Nanos<[](Target t) { return &t.restart->rate.delay_nanos; }, true>},
    {{"restart-strategy.exponential-delay.initial-backoff", "TIME",
      "before the first; default 50ms"},
     Nanos<[](Target t) { return &t.restart->exponential.initial_nanos; }, false>},
    {{"restart-strategy.exponential-delay.max-backoff", "TIME", "at most; default 1min"},
     Nanos<[](Target t) { return &t.restart->exponential.max_nanos; }, false>},
    {{"restart-strategy.exponential-delay.backoff-multiplier", "NUMBER",
      "from one to the next; default 2"},
     Factor<[](Target t) { return &t.restart->exponential.multiplier; }, 1, 1000>},
    {{"restart-strategy.exponential-delay.jitter-factor", "NUMBER",
      "so much of it more or less; default 0.1"},
     Factor<[](Target t) { return &t.restart->exponential.jitter; }, 0, 1>},
    {{"restart-strategy.exponential-delay.reset-backoff-threshold", "TIME",
      "after so long without a failure begin anew; default 1h"},
     Nanos<[](Target t) { return &t.restart->exponential.reset_nanos; }, false>},
    {{"restart-strategy.exponential-delay.attempts-before-reset-backoff", "NUMBER",
      "restarts before that; default: any number"},
     Count<[](Target t) { return &t.restart->exponential.attempts; }, 0, kMany>},
};

}  // namespace

std::span<const OptionKey> RecoveryKeys() {
  static const std::vector<OptionKey> keys = [] {
    std::vector<OptionKey> all;
    for (const RecoveryKey& k : kKeys) all.push_back(k.key);
    return all;
  }();
  return keys;
}

bool IsRecoveryKey(std::string_view key) {
  return std::any_of(std::begin(kKeys), std::end(kKeys),
                     [&](const RecoveryKey& k) { return k.key.name == key; });
}

Status SetRecoveryOption(std::string_view key, std::string_view value,
                         CheckpointSettings* checkpoints, RestartSettings* restart) {
  const auto* found = std::find_if(std::begin(kKeys), std::end(kKeys),
                                   [&](const RecoveryKey& k) { return k.key.name == key; });
  return found->set(key, value, {checkpoints, restart});
}

Status CheckRecoveryOptions(const CheckpointSettings& checkpoints, const RestartSettings& restart) {
  if (checkpoints.interval_nanos > 0 && checkpoints.dir.empty())
    return Status::InvalidArgument("-D checkpoint.interval needs a folder: -D checkpoint.dir=PATH");
  if (checkpoints.interval_nanos > 0) return Status::Ok();
  const std::string needs =
      " needs checkpoints: -D checkpoint.interval=TIME and -D checkpoint.dir=PATH";
  if (!checkpoints.dir.empty())
    return Status::InvalidArgument("-D checkpoint.dir needs -D checkpoint.interval=TIME");
  if (!checkpoints.local_copy.empty())
    return Status::InvalidArgument("-D checkpoint.local-copy" + needs);
  if (!checkpoints.restore.empty()) return Status::InvalidArgument("--restore" + needs);
  if (restart.kind != Kind::kDefault && restart.kind != Kind::kNone)
    return Status::InvalidArgument("-D restart-strategy.type" + needs);
  return Status::Ok();
}

}  // namespace millrace
