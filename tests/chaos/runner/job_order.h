#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace millrace::chaos {

/// What a program of the chaos runner is told before the arguments of a job: JOB FOLDER RECORDS RATE UNTIL. It writes below
/// FOLDER; with a rate it ends only when UNTIL is there.
struct JobOrder {
  static constexpr int kArguments = 5;
  std::string job, folder;
  std::int64_t records = 0;
  double rate = 0;
  std::string until;

  /// Leaves the others in `argc` and `argv`. False when there are too few.
  bool Take(int* argc, char*** argv) {
    if (*argc <= kArguments) return false;
    job = (*argv)[1];
    folder = (*argv)[2];
    records = std::atoll((*argv)[3]);
    rate = std::atof((*argv)[4]);
    if (rate > 0) until = (*argv)[5];
    (*argv)[kArguments] = (*argv)[0];
    *argc -= kArguments;
    *argv += kArguments;
    return true;
  }
};

}  // namespace millrace::chaos
