// The smallest job: three words, counted as they come.
#include "millrace/millrace.h"

struct Greeting {
  std::string word;
  std::int64_t length;
};
MILLRACE_RECORD(Greeting, word, length);

int main(int argc, char** argv) {
  millrace::StreamEnvironment env(argc, argv);
  env.FromCollection("words", std::vector<std::string>{"hello", "streaming", "world"})
      .Map([](const std::string& word) {
        return Greeting{word, static_cast<std::int64_t>(word.size())};
      })
      .KeyBy(&Greeting::word)
      .Aggregate("count", millrace::Count())
      .Print();
  return env.Execute("hello");
}
