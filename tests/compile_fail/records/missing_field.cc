// expect: a field of the struct is not named
// lines: 10
#include "job.h"

struct Word {
  std::string text;
  std::int64_t length;
};
MILLRACE_RECORD(Word, text);
