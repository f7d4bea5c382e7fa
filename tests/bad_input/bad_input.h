#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/child_job.h"

namespace millrace {

/// One mistake, and what a person is told: exit code and the whole message, or a part of it. 2 is a mistake of usage or
/// plan, 1 a job that failed.
struct Mistake {
  const char* mode;
  int exit_code;
  std::string said;
  std::vector<std::string> arguments = {};
};

class BadJob : public ChildJob {
 public:
  BadJob(const std::string& mode, std::vector<std::string> arguments, const std::string& path = "",
         const std::string& out = "")
      : ChildJob(BAD_JOB, mode, std::move(arguments), {out, {"ARGUMENT=" + path}}) {}
  /// What sanitizers say is no way for a job to fail.
  int End() {
    const int code = ChildJob::End();
    for (const char* bad : {"Sanitizer", "runtime error: "})
      EXPECT_EQ(said().find(bad), std::string::npos) << said();
    return code;
  }
};

/// Warnings of slow steps may come between on a machine that is busy; they are not what is looked at here.
inline std::string WithoutWarnings(const std::string& said) {
  std::string kept;
  for (std::size_t at = 0; at < said.size();) {
    const std::size_t end = std::min(said.find('\n', at), said.size());
    const std::string line = said.substr(at, end - at);
    if (!line.starts_with("warning: operator") && !line.starts_with("  #")) kept += line + "\n";
    at = end + 1;
  }
  return kept;
}

/// Runs the job, which must end as the table says.
inline void Expect(const Mistake& m, const std::string& path = "", const std::string& out = "") {
  std::string trace = m.mode;
  for (const std::string& a : m.arguments) trace += " " + a;
  SCOPED_TRACE(trace);
  BadJob job(m.mode, m.arguments, path, out);
  EXPECT_EQ(job.End(), m.exit_code) << job.said();
  EXPECT_NE(WithoutWarnings(job.said()).find(m.said), std::string::npos)
      << "said:     " << job.said() << "expected: " << m.said;
}

}  // namespace millrace
