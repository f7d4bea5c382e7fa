// A job that crashes: --isolated says where, by the name of the function.
#include "millrace/millrace.h"

[[gnu::noinline]] bool TripOverNothing(volatile int* nothing) {
  *nothing = 1;
  return *nothing == 1;
}

int main(int argc, char** argv) {
  millrace::StreamEnvironment env(argc, argv);
  env.FromCollection("numbers", std::vector<int>{1})
      .Filter([](int) { return TripOverNothing(nullptr); })
      .Print();
  return env.Execute("crash");
}
