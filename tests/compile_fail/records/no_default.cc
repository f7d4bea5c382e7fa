// expect: needs a default constructor
// lines: 10
#include "job.h"

struct Word {
  explicit Word(std::string t) : text(std::move(t)) {}
  std::string text;
};
MILLRACE_RECORD(Word, text);
