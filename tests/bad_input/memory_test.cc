// `-D memory`: what does not fit fails the job and says who uses what; what fits runs in it. And what --metrics says.
#include <cctype>
#include <cstdlib>

#include "src/base/sanitizers.h"
#include "tests/bad_input/bad_input.h"

namespace millrace {
namespace {

/// Strictly one JSON value (RFC 8259), in the characters that our own output has.
class JsonCheck {
 public:
  static bool Valid(const std::string& text) {
    JsonCheck check(text);
    return check.Value() && check.at_ == text.size();
  }

 private:
  explicit JsonCheck(const std::string& text) : text_(text) {}
  bool Take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool Word(const std::string& word) {
    if (text_.compare(at_, word.size(), word) != 0) return false;
    at_ += word.size();
    return true;
  }
  bool Text() {
    if (!Take('"')) return false;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      if (text_[at_] == '\\') ++at_;
    }
    return Take('"');
  }
  bool Digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ > begin;
  }
  bool NumberText() {
    (void)Take('-');
    return Digits() && (!Take('.') || Digits());
  }
  bool List(char end, bool named) {
    if (Take(end)) return true;
    do {
      if (named && !(Text() && Take(':'))) return false;
      if (!Value()) return false;
    } while (Take(','));
    return Take(end);
  }
  bool Value() {
    if (Take('{')) return List('}', true);
    if (Take('[')) return List(']', false);
    return Text() || Word("null") || Word("true") || Word("false") || NumberText();
  }
  const std::string& text_;
  std::size_t at_ = 0;
};

/// The line of --metrics=json.
std::string JsonLine(const std::string& said) {
  const std::size_t begin = said.find("{\"seconds\"");
  if (begin == std::string::npos) return "";
  return said.substr(begin, said.find('\n', begin) - begin);
}
/// The number behind the first `"name":` after `from`.
double NumberOf(const std::string& json, const std::string& name, std::size_t from = 0) {
  const std::size_t at = json.find("\"" + name + "\":", from);
  return at == std::string::npos ? -1 : std::strtod(json.c_str() + at + name.size() + 3, nullptr);
}

TEST(Memory, StateThatOutgrowsItFailsTheJob) {
  bool second = false;
  for (const char* mode :
       {"many keys", "many long keys", "value state", "list state", "map state", "sorted map state",
        "state changed in place", "timers", "state in one call", "window of all records",
        "sliding window of all records", "session of all records", "global window of all records",
        "many panes"}) {
    second = !second;
    for (const char* parallelism : {"1", "3"}) {
      // Sanitizers take ten times as long: each kind of state once, the parallelism in turn.
      if ((MILLRACE_ASAN || MILLRACE_TSAN) && (*parallelism == '3') == second) continue;
      SCOPED_TRACE(std::string(mode) + ", parallelism " + parallelism);
      BadJob job(mode, {"-D", "memory=8MiB", "-p", parallelism, "--metrics=json"});
      EXPECT_EQ(job.End(), 1) << job.said();
      const std::string said = WithoutWarnings(job.said());
      EXPECT_NE(said.find("job 'bad' failed: operator 'keep', subtask "), std::string::npos)
          << said;
      EXPECT_NE(said.find(": out of memory: state: "), std::string::npos) << said;
      EXPECT_NE(said.find(" not fit into -D memory=8MiB, of which "), std::string::npos) << said;
      EXPECT_NE(said.find("iB are used by state; raise -D memory, or keep less"), std::string::npos)
          << said;
      const double peak = NumberOf(JsonLine(said), "peak_memory");
      EXPECT_GT(peak, 5e6) << "it failed long before the memory was used up";
      EXPECT_LT(peak, 40e6) << "it was noticed late";
    }
  }
}

TEST(Memory, ARecordLargerThanAllOfItIsNamed) {
  for (const char* parallelism : {"1", "2"}) {
    Expect({"a huge record",
            1,
            "operator 'numbers', subtask 0: hand on a record of about 20 MiB: a single record is "
            "larger than all of -D memory=8MiB; raise -D memory, or split the record\n",
            {"-D", "memory=8MiB", "-p", parallelism}});
  }
  Expect({"a huge record", 0, "", {"-D", "memory=64MiB"}});
}

TEST(Memory, WhatFitsRunsInLittleOfIt) {
  if (MILLRACE_ASAN || MILLRACE_TSAN)
    GTEST_SKIP() << "a memory figure: sanitizers have memory of their own";
  for (const char* mode : {"fine", "keyed", "windows that end", "state that is cleared",
                           "long texts", "now and then a long text"}) {
    for (const char* parallelism : {"1", "2", "4"}) {
      SCOPED_TRACE(std::string(mode) + ", parallelism " + parallelism);
      BadJob job(mode, {"-D", "memory=8MiB", "-p", parallelism, "--metrics=json"});
      EXPECT_EQ(job.End(), 0) << job.said();
      // Records of 100 KB in 32 channels: one in each, and one that is being filled, is more than 8 MiB already.
      EXPECT_LT(NumberOf(JsonLine(job.said()), "peak_memory"), 16e6) << job.said();
    }
  }
}

TEST(Metrics, AreJsonWithEveryFieldAndTimesThatSumToTheWall) {
  BadJob job("paced", {"-p", "2", "--metrics=json"});
  EXPECT_EQ(job.End(), 0) << job.said();
  const std::string json = JsonLine(job.said());
  EXPECT_TRUE(JsonCheck::Valid(json)) << json;
  const double seconds = NumberOf(json, "seconds");
  std::size_t vertices = 0;
  const std::size_t begin = json.find("\"vertices\"");
  for (std::size_t at = begin; (at = json.find("{\"name\":", at)) != std::string::npos; ++at) {
    ++vertices;
    double sum = 0;
    for (const char* part : {"busy", "idle", "back_pressured", "runnable"})
      sum += NumberOf(json, part, at);
    // Two subtasks; the job's seconds include what comes before the slots run and after.
    EXPECT_LE(sum, 2 * seconds + 0.01) << json;
    EXPECT_GE(sum, 2 * seconds - 0.5) << json;
  }
  EXPECT_EQ(vertices, 2u) << json;
  EXPECT_GT(NumberOf(json, "busy", begin), 0.05)
      << "a source that spends its time in its reader is busy\n"
      << json;
  const std::size_t fn = json.find("\"name\":\"fn \\\"quoted\\\"\\n\"");
  ASSERT_NE(fn, std::string::npos) << json;
  EXPECT_EQ(NumberOf(json, "timers", fn), 10) << json;
  EXPECT_EQ(NumberOf(json, "state_rows", fn), 10) << json;
  EXPECT_GT(NumberOf(json, "state_bytes", fn), 100) << json;
  for (const char* field : {"parallelism", "in", "out", "filtered", "late", "skipped", "overdraft",
                            "watermark", "steps"})
    EXPECT_NE(json.find(std::string("\"") + field + "\":", fn), std::string::npos) << field;
  EXPECT_NE(json.find("\"watermark\":null"), std::string::npos) << json;
  EXPECT_EQ(json.find("9223372036854775807"), std::string::npos) << json;
}

TEST(Metrics, ShowNoWatermarkWhereThereIsNone) {
  BadJob untimed("keyed", {"--metrics"});
  EXPECT_EQ(untimed.End(), 0);
  EXPECT_EQ(untimed.said().find("inf"), std::string::npos) << untimed.said();
  EXPECT_NE(untimed.said().find("  -\n"), std::string::npos) << untimed.said();
  BadJob timed("tumbling around zero", {"--metrics"});
  EXPECT_EQ(timed.End(), 0);
  EXPECT_NE(timed.said().find("  end\n"), std::string::npos) << timed.said();
  BadJob json("tumbling around zero", {"--metrics=json"});
  EXPECT_EQ(json.End(), 0);
  EXPECT_TRUE(JsonCheck::Valid(JsonLine(json.said()))) << json.said();
  EXPECT_NE(json.said().find("\"watermark\":\"end\""), std::string::npos) << json.said();
}

}  // namespace
}  // namespace millrace
