// examples/hello.cc with an hour between its words: what a job that waits costs. Its memory is read from outside.
#include <string>
#include <vector>

#include "millrace/millrace.h"

struct Greeting {
  std::string word;
  std::int64_t length;
};
MILLRACE_RECORD(Greeting, word, length);

int main(int argc, char** argv) {
  const std::vector<std::string> words{"hello", "streaming", "world"};
  millrace::StreamEnvironment env(argc, argv);
  env.FromSource("words", millrace::Generate([words](std::int64_t i) {
                            return words[static_cast<std::size_t>(i)];
                          })
                              .Count(3)
                              .Rate(1.0 / 3600))
      .Map([](const std::string& word) {
        return Greeting{word, static_cast<std::int64_t>(word.size())};
      })
      .KeyBy(&Greeting::word)
      .Aggregate("count", millrace::Count())
      .Print();
  return env.Execute("idle");
}
