// Transcripts of Apache Beam's trigger tests (../shared/golden/beam), those whose semantics are Flink's default trigger:
// what is put in, and which panes must come out after each action.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "millrace/operators/window/tumbling_window_operator.h"
#include "millrace/testing/harness.h"

namespace millrace {
namespace {

struct Element {
  std::int64_t time = 0;
};
MILLRACE_RECORD(Element, time);
struct OneKey {
  std::int32_t operator()(const Element&) const { return 0; }
};

struct Action {
  std::string what;  // input, watermark, expect
  std::vector<std::int64_t> numbers;
  std::vector<std::string> panes;
};
struct Transcript {
  std::map<std::string, std::string> header;
  std::vector<Action> actions;
};

std::vector<std::int64_t> Numbers(const std::string& text) {
  std::vector<std::int64_t> numbers;
  const std::regex number("-?[0-9]+");
  for (std::sregex_iterator at(text.begin(), text.end(), number), end; at != end; ++at)
    numbers.push_back(std::stoll(at->str()));
  return numbers;
}
// `name: value` of a pane's text, or nothing.
std::string Attribute(const std::string& pane, const std::string& name) {
  std::smatch match;
  if (!std::regex_search(pane, match, std::regex("[{ ]" + name + ": *(\\[[^\\]]*\\]|[^,}]+)")))
    return "";
  return match[1];
}

Transcript Read(std::istream& in, const std::string& wanted) {
  Transcript transcript;
  bool ours = false;
  for (std::string line; std::getline(in, line);) {
    if (const std::size_t comment = line.find('#'); comment != std::string::npos)
      line.erase(comment);
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (line.starts_with("name: ")) ours = line.substr(6) == wanted;
    if (!ours || line.empty() || line == "---") continue;
    if (line.starts_with("  - ")) {
      const std::size_t colon = line.find(':');
      transcript.actions.push_back({line.substr(4, colon - 4), Numbers(line.substr(colon)), {}});
    } else if (line.starts_with("      - ")) {
      transcript.actions.back().panes.push_back(line.substr(8));
    } else if (const std::size_t colon = line.find(": "); colon != std::string::npos) {
      transcript.header[line.substr(0, colon)] = line.substr(colon + 2);
    }
  }
  return transcript;
}

class BeamTranscript : public ::testing::TestWithParam<std::string> {};

TEST_P(BeamTranscript, GivesTheExpectedPanes) {
  const char* shared = std::getenv("MILLRACE_SHARED");
  const std::string path = std::string(shared != nullptr ? shared : MILLRACE_SHARED_DIR) +
                           "/golden/beam/trigger_transcripts.yaml";
  std::ifstream file(path);
  if (!file && std::getenv("CI") == nullptr) GTEST_SKIP() << "no " << path << " here";
  ASSERT_TRUE(file) << "no " << path << ": where CI is set it must be there";
  const Transcript t = Read(file, GetParam());
  ASSERT_FALSE(t.actions.empty()) << GetParam() << " is not in " << path;
  ASSERT_EQ(t.header.at("trigger_fn"), "Default");
  const Duration size(Numbers(t.header.at("window_fn")).at(0));
  Duration lateness(0);
  if (t.header.contains("allowed_lateness"))
    lateness = Duration(std::stoll(t.header.at("allowed_lateness")));
  auto harness = testing::Harness<Element>([&](DataStream<Element> in) {
    return std::move(in)
        .KeyBy(OneKey{})
        .Window(TumblingEventTime(size))
        .AllowedLateness(lateness)
        .Aggregate("windows", CollectRecords<Element>{});
  });
  std::int64_t watermark = INT64_MIN;
  int expected = 0;
  for (const Action& action : t.actions) {
    if (action.what == "input") {
      for (const std::int64_t time : action.numbers)
        harness.Push({time}, EventTime::FromMillis(time));
    } else if (action.what == "watermark") {
      watermark = action.numbers.at(0);
      harness.Watermark(testing::At(watermark));
    } else {
      ASSERT_EQ(action.what, "expect");
      auto rows = harness.TakeOutputs();
      std::sort(rows.begin(), rows.end(),
                [](auto& a, auto& b) { return a.record.window.start < b.record.window.start; });
      ASSERT_EQ(rows.size(), action.panes.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& [row, time] = rows[i];
        const std::string& pane = action.panes[i];
        SCOPED_TRACE(pane);
        ++expected;
        // Beam writes the last element of a window, Flink its end.
        EXPECT_EQ(
            Numbers(Attribute(pane, "window")),
            (std::vector<std::int64_t>{row.window.start.millis(), row.window.end.millis() - 1}));
        std::vector<std::int64_t> values;
        for (const Element& e : row.value) values.push_back(e.time);
        std::sort(values.begin(), values.end());
        EXPECT_EQ(values, Numbers(Attribute(pane, "values")));
        if (const std::string want = Attribute(pane, "timestamp"); !want.empty()) {
          EXPECT_EQ(time.millis(), std::stoll(want));
        }
        // A pane is late when it comes after the watermark has passed its window, in a later action.
        const bool late =
            row.window.max_timestamp().millis() <= watermark && (&action)[-1].what == "input";
        if (const std::string want = Attribute(pane, "late"); !want.empty()) {
          EXPECT_EQ(late ? "true" : "false", want);
        }
      }
    }
  }
  EXPECT_GT(expected, 1);
}

INSTANTIATE_TEST_SUITE_P(Golden, BeamTranscript,
                         ::testing::Values("fixed_default", "fixed_default_late_data"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace millrace
