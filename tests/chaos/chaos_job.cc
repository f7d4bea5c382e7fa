// The chaos job as a program: chaos_job FOLDER RECORDS RATE [arguments of a job]. It is killed from outside, and ends when
// FOLDER/faults_done is there. Its files are below FOLDER/out.
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/chaos/chaos_shapes.h"
#include "tests/chaos/file_reader.h"

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  millrace::chaos::Shape shape;
  const std::string folder = argv[1];
  shape.records = std::atoll(argv[2]);
  shape.rate = std::atof(argv[3]);
  shape.until = folder + "/faults_done";
  argv[3] = argv[0];
  millrace::StreamEnvironment env(argc - 3, argv + 3);
  millrace::chaos::Build(env, shape, [&](const std::string& name) {
    return millrace::TextFileSink(folder + "/out/" + name)
        .RollAt(2000)
        .Buckets(&millrace::chaos::BucketOf);
  });
  return env.Execute("chaos");
}
