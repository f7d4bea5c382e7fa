// Jobs with checkpoints: one job, and what a program may be changed to between two runs.
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bad_input/bad_job.h"

using namespace millrace;

void AddCheckpoints(Modes& modes) {
  modes["sums"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).KeyBy([](int n) { return n % 2; }).Reduce("sums", std::plus<int>()));
  };
  modes["sums under another name"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).KeyBy([](int n) { return n % 2; }).Reduce("totals", std::plus<int>()));
  };
  modes["sums by another key"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env)
                  .KeyBy([](int n) { return std::to_string(n % 2); })
                  .Reduce("sums", std::plus<int>()));
  };
  modes["sums of another type"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env)
                  .Map([](int n) { return n * 0.5; })
                  .KeyBy([](double v) { return static_cast<int>(v) % 2; })
                  .Reduce("sums", std::plus<double>()));
  };
  modes["endless"] = [](StreamEnvironment& env) {
    Blackhole(env.FromSource("numbers", Generate([](std::int64_t i) { return i; }).Rate(1000)));
  };
  modes["fails always"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env).Map("fails", [](int n) -> int {
      throw std::runtime_error("as ever");
      return n;
    }));
  };
  modes["one of two pipelines fails twice"] = [](StreamEnvironment& env) {
    Blackhole(Numbers(env));
    env.FromCollection("others", std::vector<int>{1, 2, 3})
        .Map("fails",
             [](int n) {
               static int failures = 0;
               if (failures < 2) throw std::runtime_error("failure " + std::to_string(++failures));
               return n;
             })
        .SinkTo("nowhere", BlackholeSink{});
  };
}
