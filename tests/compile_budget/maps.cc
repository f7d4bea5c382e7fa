// Compiled with one Map and, with -DMORE, with eleven.
#include "millrace/millrace.h"

int main(int argc, char** argv) {
  millrace::StreamEnvironment env(argc, argv);
  env.FromCollection("numbers", std::vector<int>{1, 2, 3})
      .Map([](int n) { return n * 2; })
#ifdef MORE
      .Map([](int n) { return n + 1; })
      .Map([](int n) { return n + 2.0; })
      .Map([](double x) { return std::to_string(x); })
      .Map([](const std::string& s) { return s + "."; })
      .Map([](std::string& s) { s += "!"; })
      .Map([](const std::string& s) { return s.size(); })
      .Map([](std::uint64_t n) { return n + 3; })
      .Map([](std::uint64_t n) { return std::pair(n, n + 1); })
      .Map([](const auto& pair) { return pair.first + pair.second; })
      .Map([](std::uint64_t n) { return n / 2; })
#endif
      .Print();
  return env.Execute("maps");
}
