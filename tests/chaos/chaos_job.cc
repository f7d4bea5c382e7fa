// The chaos job as a program: chaos_job FOLDER RUN RECORDS RATE [arguments of a job]. It is killed from outside.
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/folder_sink.h"

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  millrace::chaos::Shape shape;
  const std::string folder = argv[1];
  shape.records = std::atoll(argv[3]);
  shape.rate = std::atof(argv[4]);
  argv[4] = argv[0];
  millrace::StreamEnvironment env(argc - 4, argv + 4);
  millrace::chaos::Build(env, shape, millrace::chaos::FolderSink(folder, argv[2]));
  return env.Execute("chaos");
}
