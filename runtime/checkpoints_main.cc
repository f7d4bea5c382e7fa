// millrace-checkpoints: looks after a checkpoint folder, without the job's program.
#include <cstdio>
#include <string>

#include "millrace/base/memory.h"
#include "millrace/base/time.h"
#include "runtime/checkpoint/folder_care.h"

namespace {

int Fail(const millrace::Status& status) {
  std::fprintf(stderr, "millrace-checkpoints: %s\n", status.message().c_str());
  return 1;
}

int Verify(const millrace::FileLocation& where) {
  const auto report = millrace::ScrubCheckpoints(*where.files, where.path);
  if (!report.ok()) return Fail(report.status());
  bool whole = true;
  for (const auto& c : report.value().checkpoints) {
    whole &= c.status.ok();
    std::printf("checkpoint %lld of job '%s', %s, %s: %s\n", static_cast<long long>(c.id),
                c.job.c_str(), millrace::EventTime::FromMillis(c.ended_millis).ToString().c_str(),
                millrace::BytesText(static_cast<std::int64_t>(c.bytes)).c_str(),
                c.status.ok() ? "whole" : c.status.message().c_str());
  }
  for (const std::string& name : report.value().orphans)
    std::printf("%s: no checkpoint names it\n", name.c_str());
  return whole ? 0 : 1;
}

int Clean(const millrace::FileLocation& where) {
  const auto removed = millrace::RemoveOrphans(*where.files, where.path);
  if (!removed.ok()) return Fail(removed.status());
  for (const std::string& name : removed.value()) std::printf("removed %s\n", name.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc == 3 ? argv[1] : "";
  if (verb != "verify" && verb != "clean") {
    std::fputs(
        "Usage: millrace-checkpoints verify|clean FOLDER\n"
        "  verify  reads every checkpoint to its last byte and lists what no checkpoint names\n"
        "  clean   removes what no checkpoint names, when no job has the folder\n",
        stderr);
    return 2;
  }
  const auto where = millrace::LocateFiles(argv[2]);
  if (!where.ok()) return Fail(where.status());
  return verb == "verify" ? Verify(where.value()) : Clean(where.value());
}
