#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/base/status.h"
#include "millrace/graph/checkpoint_report.h"
#include "millrace/graph/stream_graph.h"

namespace millrace {

/// What a complete checkpoint consists of: where each task's snapshots lie, and the splits of sources that no reader had.
/// docs/formats/manifest.md
struct Manifest {
  struct File {
    std::string name;  // below the checkpoint folder
    std::int64_t checkpoint = 0;
    std::uint64_t bytes = 0;
    std::uint64_t offset = 0;  // of a pack, where its part begins; 0: the file is the task's alone
  };
  /// One task's files, oldest first: a restore reads all of them.
  using Chain = std::vector<File>;
  struct Vertex {
    std::vector<std::string> operators;  // in the order in which the files number them
    std::vector<Chain> tasks;            // by subtask
  };
  /// What keyed state an operator has.
  struct Operator {
    std::string name;
    std::string key;  // its schema; empty: it has no keyed state
    std::vector<StateSpec> states;
  };
  struct Source {
    std::string name;
    std::string splits;
  };

  std::string job;
  std::string run;     // the attempt that has written it
  std::string job_id;  // JobCheckpoints::job_id
  std::int64_t id = 0;
  std::int64_t began_millis = 0;  // since the epoch
  std::int64_t ended_millis = 0;
  std::vector<Vertex> vertices;
  std::vector<Operator> operators;
  std::vector<Source> sources;
  std::vector<SubtaskCheckpoint> subtasks;  // what it took

  std::string Encoded() const;
  /// `path` is for messages. DATA_LOSS when the bytes are none; UNIMPLEMENTED when they are of a newer version.
  static Result<Manifest> Decode(std::string_view bytes, const std::string& path);
};

}  // namespace millrace
