#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/api/data_stream.h"
#include "millrace/api/graph_builder.h"
#include "millrace/api/job_runner.h"
#include "millrace/api/watermark_strategy.h"
#include "millrace/api/windowed_stream.h"
#include "millrace/base/log.h"
#include "millrace/base/time.h"
#include "millrace/connectors/collection.h"
#include "millrace/connectors/simple_sinks.h"

namespace millrace {

/// Where a job begins (Flink: StreamExecutionEnvironment). Give it main's arguments: every job understands
/// `--help`, `--parallelism`, `--explain`, `--metrics`, `--isolated` and `-D key=value`.
///
///   int main(int argc, char** argv) {
///     millrace::StreamEnvironment env(argc, argv);
///     env.FromCollection("numbers", std::vector<int>{1, 2, 3}).Map([](int n) { return n * 2; }).Print();
///     return env.Execute("doubled");
///   }
class StreamEnvironment {
 public:
  StreamEnvironment(int argc, char** argv);
  /// Without arguments: for tests and embedded use.
  StreamEnvironment();
  ~StreamEnvironment();
  StreamEnvironment(const StreamEnvironment&) = delete;
  StreamEnvironment& operator=(const StreamEnvironment&) = delete;

  /// A stream of a source's records. `name` is unique in the job.
  template <class Source, class Strategy>
  auto FromSource(std::string name, Source source, Strategy strategy) {
    if constexpr (internal::CheckSource<Source>()) {
      constexpr bool same = internal::kStrategyFor<Strategy, typename Source::Record>;
      static_assert(
          same, "millrace: FromSource: (Strategy) is no WatermarkStrategy of the source's record");
      if constexpr (same) {
        builder_->UseName(name, "source");
        internal::NoteMistakeOf(*builder_, name, source);
        internal::NoteMistakeOf(*builder_, name, strategy);
        using Pipe = SourcePipe<Source, Strategy>;
        return DataStream<typename Source::Record, Pipe>(
            Pipe(builder_.get(), std::move(name), std::move(source), std::move(strategy)));
      } else {
        return InvalidStream();
      }
    } else {
      return InvalidStream();
    }
  }
  template <class Source>
  auto FromSource(std::string name, Source source) {
    if constexpr (internal::CheckSource<Source>()) {
      return FromSource(std::move(name), std::move(source),
                        WatermarkStrategy<typename Source::Record>());
    } else {
      return InvalidStream();
    }
  }
  template <internal::NotAName Source, class... Strategy>
  InvalidStream FromSource(Source, Strategy...) {
    constexpr bool named = internal::kNever<Source>;
    static_assert(
        named,
        "millrace: FromSource: needs a name, unique in the job: FromSource(\"name\", source)");
    return {};
  }
  /// The records of a vector, in order, from one subtask.
  template <class T>
  auto FromCollection(std::string name, std::vector<T> records) {
    return FromSource(std::move(name), CollectionSource<T>(std::move(records)));
  }
  template <class T, class Strategy>
  auto FromCollection(std::string name, std::vector<T> records, Strategy strategy) {
    return FromSource(std::move(name), CollectionSource<T>(std::move(records)),
                      std::move(strategy));
  }
  template <class T, class... Strategy>
  InvalidStream FromCollection(std::vector<T>, Strategy...) {
    constexpr bool named = internal::kNever<T>;
    static_assert(named,
                  "millrace: FromCollection: needs a name: FromCollection(\"name\", records)");
    return {};
  }

  /// Default parallelism of operators that set none; `--parallelism` wins.
  void SetParallelism(int parallelism);
  /// Options as `-D key=value` would set them; arguments win.
  void SetOption(const std::string& key, const std::string& value);

  /// Takes a checkpoint so often, into a folder that is this job's alone ("/data/checkpoints/averages"), and starts the job
  /// again from the newest one after a failure. As -D checkpoint.interval and checkpoint.dir: arguments win; SetOption has the
  /// other `checkpoint.*` and `restart-strategy.*` keys. (Flink: enableCheckpointing)
  void EnableCheckpointing(Duration interval, const std::string& dir);
  /// Begins with the state of a checkpoint: a manifest, or a folder's newest one. As --restore, which wins.
  void RestoreFrom(const std::string& path);

  /// Runs the job to its end, once: a second job needs an environment of its own. Returns main's exit code: 0, 1 (failed), 2 (usage or plan), 130 (Ctrl-C), 143
  /// (SIGTERM); errors go to stderr.
  int Execute(const std::string& job_name);
  /// The same for tests: no output, everything in the result. A plan error is its status.
  JobResult Run(const std::string& job_name);

  GraphBuilder& builder() { return *builder_; }

 private:
  struct Settings;
  Result<std::string> Plan(const std::string& job_name);
  /// Says on stderr how a job has ended; main's exit code.
  int Report(const std::string& job_name, const JobResult& result) const;

  std::unique_ptr<GraphBuilder> builder_;
  std::unique_ptr<Settings> settings_;
};

}  // namespace millrace
