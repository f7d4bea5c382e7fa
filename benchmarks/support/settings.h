#pragma once

#include <string>
#include <vector>

namespace benchmark_support {

/// Gives a job its `-D key=value` settings.
template <class Environment>
void Apply(const std::vector<std::string>& settings, Environment& env) {
  for (const std::string& setting : settings) {
    const std::size_t eq = setting.find('=');
    env.SetOption(setting.substr(0, eq), eq == std::string::npos ? "" : setting.substr(eq + 1));
  }
}

}  // namespace benchmark_support
