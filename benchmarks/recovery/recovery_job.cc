// The job that recovery.py kills: recovery_job FOLDER ROWS RATE [arguments of a job]. It fills ROWS rows of keyed state, then
// updates them at a rate. FOLDER/filled comes when the rows are there; FOLDER/first has a line for each subtask of each
// process: the process, the subtask, and when its first update came out (nanoseconds of CLOCK_MONOTONIC).
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "benchmarks/state/state_rows.h"
#include "millrace/millrace.h"

namespace {

using state_rows::Update;
using state_rows::Value;

constexpr std::int64_t kFill = -1;  // the value of an update that makes a row

void AppendLine(const std::string& path, const std::string& line) {
  const int file = open(path.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0 || write(file, line.data(), line.size()) < 0) std::perror(path.c_str());
  close(file);
}

struct Apply : millrace::KeyedProcessFunction<std::int64_t, Update, Update> {
  Apply(std::string f, std::int64_t r) : folder(std::move(f)), rows(r) {}
  std::string folder;
  std::int64_t rows;
  millrace::ValueState<Value> state{this, "value"};
  void ProcessElement(const Update& u, Context&, millrace::Collector<Update>& out) {
    Value& v = state.Mutable();
    state_rows::Apply(u, &v);
    if (u.value != kFill) out.Emit({u.key, v.sum});
    if (u.value == kFill && u.key == rows - 1) AppendLine(folder + "/filled", "x");
  }
};

/// Says when its first row came.
struct FirstRow {
  std::string folder;
  struct Writer {
    std::string path;
    int subtask;
    bool had = false;
    void Write(const Update&, millrace::EventTime) {
      if (had) return;
      had = true;
      timespec t{};
      clock_gettime(CLOCK_MONOTONIC, &t);
      AppendLine(path, std::to_string(getpid()) + " " + std::to_string(subtask) + " " +
                           std::to_string(t.tv_sec * 1000000000 + t.tv_nsec) + "\n");
    }
  };
  Writer CreateWriter(const millrace::WriterContext& context) const {
    return {folder + "/first", context.subtask};
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: recovery_job FOLDER ROWS RATE [arguments of a job]\n");
    return 2;
  }
  const std::string folder = argv[1];
  const std::int64_t rows = std::atoll(argv[2]);
  const double rate = std::atof(argv[3]);
  argv[3] = argv[0];
  millrace::StreamEnvironment env(argc - 3, argv + 3);
  auto fill = env.FromSource(
      "fill", millrace::Generate([](std::int64_t i) { return Update{i, kFill}; }).Count(rows));
  auto updates = env.FromSource("updates", millrace::Generate([rows](std::int64_t i) {
                                             return Update{i * 2654435761 % rows, i};
                                           }).Rate(rate));
  fill.Union(updates)
      .KeyBy(&Update::key)
      .Process("apply", Apply{folder, rows})
      .SinkTo("first rows", FirstRow{folder});
  return env.Execute("recovery");
}
