#pragma once

#include <string>

namespace millrace {

/// A name for a run of a job that no other run has, on whatever machine: "20261126T114759-9f3a01c2". They sort by time.
std::string NewRunName();

}  // namespace millrace
