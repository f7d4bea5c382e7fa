// What PrintSink writes, and where to.
#include <gtest/gtest.h>

#include <string>

#include "millrace/connectors/simple_sinks.h"

namespace millrace {
namespace {

WriterContext Subtask(int subtask, int parallelism) {
  WriterContext context;
  context.subtask = subtask;
  context.parallelism = parallelism;
  return context;
}

void Print(const PrintSink& sink, const WriterContext& context) {
  PrintSink::Writer writer = sink.CreateWriter(context);
  writer.Write(4, EventTime::Min());
  writer.Write(5, EventTime::Min());
  writer.Flush();
}

std::string Printed(const PrintSink& sink, int subtask, int parallelism) {
  ::testing::internal::CaptureStdout();
  Print(sink, Subtask(subtask, parallelism));
  return ::testing::internal::GetCapturedStdout();
}

TEST(PrintSink, LinesBeginWithPrefixAndSubtask) {
  EXPECT_EQ(Printed({}, 0, 1), "4\n5\n");
  EXPECT_EQ(Printed({}, 1, 2), "1> 4\n1> 5\n");
  EXPECT_EQ(Printed({.prefix = "hot"}, 0, 1), "hot> 4\nhot> 5\n");
  EXPECT_EQ(Printed({.prefix = "hot"}, 1, 2), "hot:1> 4\nhot:1> 5\n");
}

TEST(PrintSink, PrintsToStandardErrorWhenAsked) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Print({.prefix = "hot", .stream = PrintSink::Stream::kErr}, Subtask(0, 1));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "hot> 4\nhot> 5\n");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace millrace
