// A job with one mistake, named by MODE.
#include "tests/bad_input/bad_job.h"

#include <cstdio>
#include <cstdlib>

std::string Argument() {
  const char* text = std::getenv("ARGUMENT");
  return text == nullptr ? "" : text;
}

int main(int argc, char** argv) {
  Modes modes;
  AddPlanErrors(modes);
  AddUserErrors(modes);
  AddOperatorErrors(modes);
  AddConnectorErrors(modes);
  AddTimes(modes);
  AddMemory(modes);
  AddCheckpoints(modes);
  const char* mode = std::getenv("MODE");
  const auto at = modes.find(mode == nullptr ? "" : mode);
  if (at == modes.end()) {
    std::fprintf(stderr, "no such MODE\n");
    return 99;
  }
  millrace::StreamEnvironment env(argc, argv);
  at->second(env);
  return env.Execute("bad");
}
