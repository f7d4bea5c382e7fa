// The chaos job as a program: chaos_job FOLDER RECORDS RATE [arguments of a job]. It is killed from outside.
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/folder_sink.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  millrace::chaos::Shape shape;
  const std::string folder = argv[1];
  shape.records = std::atoll(argv[2]);
  shape.rate = std::atof(argv[3]);
  argv[3] = argv[0];
  millrace::StreamEnvironment env(argc - 3, argv + 3);
  millrace::chaos::Build(env, shape, millrace::chaos::FolderSink(folder));
  return env.Execute("chaos");
}
