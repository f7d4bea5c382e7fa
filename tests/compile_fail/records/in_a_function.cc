// expects: millrace: MILLRACE_RECORD: stands in the namespace of Local, not in a function or class
// lines: 15
// errors: 2
#include "millrace/millrace.h"

#ifdef FIXED
struct Local {
  int a;
};
MILLRACE_RECORD(Local, a);
#else
void Job() {
  struct Local {
    int a;
  };
  MILLRACE_RECORD(Local, a);
}
#endif
