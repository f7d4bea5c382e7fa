// Counts the words of text files (by default the licenses that every Debian machine has) and prints the ten most
// frequent ones, largest first.
//   word_count [--files FILE_OR_FOLDER,...] [options of every job: --help]
#include <cctype>
#include <string>
#include <vector>

#include "millrace/millrace.h"

struct Word {
  std::string text;
  std::int64_t count;
};
MILLRACE_RECORD(Word, text, count);

namespace {

// Runs of letters, in lower case.
void SplitWords(const std::string& line, millrace::Collector<Word>& out) {
  for (std::size_t at = 0; at < line.size();) {
    std::size_t end = at;
    while (end < line.size() && std::isalpha(static_cast<unsigned char>(line[end]))) ++end;
    if (end > at) {
      Word& word = out.Next();
      word.text.assign(line, at, end - at);
      for (char& c : word.text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      word.count = 1;
    }
    at = end + 1;
  }
}

std::vector<std::string> Files(int* argc, char** argv) {
  std::vector<std::string> files;
  for (int i = 1; i + 1 < *argc; ++i) {
    if (std::string(argv[i]) != "--files") continue;
    std::string list = argv[i + 1];
    for (std::size_t from = 0; from <= list.size();) {
      const std::size_t to = std::min(list.find(',', from), list.size());
      files.push_back(list.substr(from, to - from));
      from = to + 1;
    }
    std::copy(argv + i + 2, argv + *argc, argv + i);  // the rest are the job's options
    *argc -= 2;
    return files;
  }
  return {"/usr/share/common-licenses"};
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> files = Files(&argc, argv);
  millrace::StreamEnvironment env(argc, argv);
  env.FromSource("lines", millrace::TextLines(files))
      .FlatMap(
          [](const std::string& line, millrace::Collector<Word>& out) { SplitWords(line, out); })
      .KeyBy(&Word::text)
      .Window(millrace::GlobalWindows())
      .Reduce("count", [](const Word& a, const Word& b) { return Word{a.text, a.count + b.count}; })
      .KeyBy([](const Word&) { return 0; })
      .Window(millrace::GlobalWindows())
      .Aggregate("top ten", millrace::TopK(10, &Word::count),
                 [](int, const millrace::Window&, const std::vector<Word>& top,
                    millrace::Collector<Word>& out) {
                   for (const Word& word : top) out.Emit(word);
                 })
      .Print();
  return env.Execute("word count");
}
