#include "millrace/millrace.h"

int main(int argc, char** argv) {
  millrace::StreamEnvironment env(argc, argv);
  env.FromCollection("numbers", std::vector<int>{1, 2, 3}).Map([](int n) { return n * 2; }).Print();
  return env.Execute("doubled");
}
