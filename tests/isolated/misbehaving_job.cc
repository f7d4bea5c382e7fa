// A job that does what MODE says. Its numbers go through "source" -> "victim" (keyed, so another operator than the source).
#include <sys/mman.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "millrace/millrace.h"

namespace {

const char* Mode() {
  const char* mode = std::getenv("MODE");
  return mode == nullptr ? "fine" : mode;
}
bool Is(const char* mode) {
  return std::strcmp(Mode(), mode) == 0;
}

[[gnu::noinline]] int Recurse(volatile int* above) {
  volatile int here[256] = {};
  here[0] = *above + 1;
  const int below = *above < 0 ? 0 : Recurse(here);
  return below + here[0];
}

[[gnu::noinline]] void WriteWhereNothingIs() {
  void* page = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *static_cast<volatile int*>(page) = 1;
}

struct Victim : millrace::KeyedProcessFunction<int, int, int> {
  void ProcessElement(int n, Context&, millrace::Collector<int>& out) {
    if (n == 7) {
      if (Is("segv")) WriteWhereNothingIs();
      if (Is("abort")) std::abort();
      if (Is("throw")) throw std::runtime_error("seven is not wanted");
      volatile int depth = 0;
      if (Is("stack")) out.Emit(Recurse(&depth));
      if (Is("kill")) raise(SIGKILL);
      if (Is("hang")) {
        std::fputs("hanging\n", stderr);
        for (;;) pause();
      }
      if (Is("log")) {
        for (int i = 0; i < 1000; ++i) millrace::Log(millrace::kWarn, "seven again: ", i);
        millrace::Log(millrace::kDebug, "not shown");
      }
    }
    out.Emit(n);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const bool worker = std::getenv("MILLRACE_WORKER") != nullptr;
  if (worker && Is("early exit")) return 3;
  std::vector<int> numbers;
  for (int i = 0; i < 10; ++i) numbers.push_back(i);
  if (Is("two jobs")) {
    millrace::StreamEnvironment first(argc, argv);
    first.FromCollection("source", std::vector<int>{100}).Print();
    if (const int code = first.Execute("first"); code != 0) return code;
  }
  millrace::StreamEnvironment env(argc, argv);
  auto stream = env.FromCollection(worker && Is("other plan") ? "other" : "source", numbers)
                    .KeyBy([](int n) { return n % 3; })
                    .Process("victim", Victim{});
  if (Is("collect")) {
    const auto got = std::move(stream).ExecuteAndCollect();
    std::fprintf(stderr, "%s\n", got.status().ToString().c_str());
    return got.ok() ? 0 : 1;
  }
  std::move(stream).Print();
  return env.Execute("misbehaving");
}
