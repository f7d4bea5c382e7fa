// A Nexmark query as a program that is killed from outside: chaos_query QUERY FOLDER RECORDS RATE UNTIL [arguments of a job].
// Its rows are lines in files: their text, behind their key where they replace each other.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "benchmarks/nexmark/queries.h"
#include "tests/chaos/runner/job_order.h"
#include "tests/chaos/runner/job_rules.h"

namespace {

using millrace::TextFileSink;

class FileTarget final : public nexmark::RowTarget {
 public:
  explicit FileTarget(TextFileSink::Writer writer) : writer_(std::move(writer)) {}
  void Write(const std::string* key, const nexmark::RowText& row) override {
    line_.clear();
    if (key != nullptr) (line_ += *key) += millrace::chaos::kKeyEnd;
    writer_.Write(line_ += row.text(), millrace::EventTime::Min());
  }
  void Flush() override { writer_.Flush(); }
  std::vector<std::string> PrepareCommit() override { return writer_.PrepareCommit(); }
  void Commit(const std::vector<std::string>& committables) override {
    writer_.Commit(committables);
  }
  void AbortLeftovers() override { writer_.AbortLeftovers(); }
  void Close() override { writer_.Close(); }

 private:
  TextFileSink::Writer writer_;
  std::string line_;
};

}  // namespace

int main(int argc, char** argv) {
  millrace::chaos::JobOrder order;
  if (!order.Take(&argc, &argv)) return 2;
  nexmark::QueryConfig config;
  config.generator.max_events = order.records;
  config.generator.tps = 2000;  // of event time: auctions close, windows end
  config.pace = {order.rate, order.until};
  millrace::StreamEnvironment env(argc, argv);
  nexmark::CheckSink sink;
  sink.make_target = [files = TextFileSink(order.folder)](const millrace::WriterContext& context) {
    return std::make_unique<FileTarget>(files.CreateWriter(context));
  };
  if (!nexmark::BuildQuery(order.job, config, env, sink)) {
    std::fprintf(stderr, "chaos_query: there is no query '%s'\n", order.job.c_str());
    return 2;
  }
  return env.Execute(order.job);
}
